/** The report of a run: one HTML file that needs nothing else. */
import type { RunMetrics, RunResults } from '../results.js'
import { renderData, renderSplit } from './data.js'
import { renderFeatures } from './features.js'
import { html, trusted } from './html.js'
import { renderMistakes } from './mistakes.js'
import { modelsTitle, renderClasses, renderConfusion, renderModels } from './outcome.js'
import { renderRun } from './provenance.js'
import { qualityTitle, renderQuality } from './quality.js'
import { stylesheet } from './style.js'
import { renderHeader, renderSummary } from './summary.js'
import { renderTraining } from './training.js'

/** Ids of the sections, and what the table of contents calls them. */
function contentsOf(metrics: RunMetrics): [id: string, title: string][] {
  return [
    ['summary', 'Summary'],
    ['data', 'Data'],
    ['features', 'Features'],
    ['split', 'Split'],
    ['training', 'Training'],
    ['confusion', 'Confusion matrix'],
    ['classes', 'Classes'],
    ['quality', qualityTitle],
    ['mistakes', 'Misclassified clips'],
    ['models', modelsTitle(metrics)],
    ['run', 'How it was run'],
  ]
}

/**
 * Renders the results of a run as one self-contained HTML page, without scripts or requests. It suits light and dark screens,
 * telephones and paper.
 *
 * @returns The page, from `<!doctype html>` on; the same results give the same bytes. Strings in `results` are escaped,
 *   and numbers that are not finite show as a dash.
 * @example await writeFile('runs/demo/report.html', renderReport(results))
 */
export function renderReport(results: RunResults): string {
  const { metrics } = results
  const links = contentsOf(metrics).map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>\n`)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${metrics.dataset.name} · ${metrics.model.architecture} · ${metrics.split.name}</title>
<style>${trusted(stylesheet)}</style>
</head>
<body>
${renderHeader(metrics)}
<nav aria-label="Contents"><ul>
${links}</ul></nav>
<main>
${renderSummary(results)}
${renderData(results)}
${renderFeatures(metrics)}
${renderSplit(metrics)}
${renderTraining(results)}
${renderConfusion(metrics)}
${renderClasses(metrics)}
${renderQuality(metrics)}
${renderMistakes(metrics)}
${renderModels(metrics)}
${renderRun(metrics)}
</main>
</body>
</html>
`
  return page.markup
}
