/** How the run was made, and how to repeat it. */
import { parseOptions } from '../options.js'
import type { RunMetrics } from '../results.js'
import { count, missing, percent, seconds } from './format.js'
import { type Html, html } from './html.js'
import { section, table } from './layout.js'

/**
 * Options, environment, times, and the command that repeats the run.
 *
 * @example renderRun(results.metrics)
 */
export function renderRun(metrics: RunMetrics): Html {
  const { options, environment, dataset, times, split } = metrics
  return section(
    'run',
    'How it was run',
    html`<p>This command repeats the run${options.data === null ? null : `; write the path of the folder after --data`}:</p>
<pre class="command"><code>${commandWords(metrics).map((word) => html`<span>${word}</span> `)}</code></pre>
<div class="columns">
${table(
  'Options',
  [{ name: 'option' }, { name: 'value', text: true }],
  [
    ['data', options.data ?? 'none: the clips are synthetic'],
    ['subset', options.subset ?? 'none'],
    ['split', options.split ?? `${split.name} (the default)`],
    ['int8 model', options.int8 ? 'yes' : 'no'],
  ],
)}
${table(
  'Environment',
  [{ name: 'what' }, { name: 'value', text: true }],
  [
    ['Node', environment.node],
    ['ONNX Runtime', environment.onnxRuntime],
    ['platform', environment.platform],
    ['processors', count(environment.cpus)],
    ['SHA-256 of the data', html`<code>${dataset.hash}</code>`],
  ],
)}
</div>
${stageTable(times)}`,
  )
}

/**
 * The command that repeats a run, quoted for a POSIX shell, each option with its value in one piece. Options of
 * training are left out if they have their default.
 *
 * @example commandWords(metrics).join(' ') // npm start -- --data ESC-50 --subset esc10 --model audio-cnn …
 */
export function commandWords({ options, split }: RunMetrics): string[] {
  const { data, subset, group, model, windows, epochs, seed, weightDecay } = options
  const defaults = parseOptions([], '/')
  const unless = (usual: number | null, value: number | null) => (value === usual ? null : (value ?? 0))
  const values: Record<string, string | number | null> = {
    ...{ data, subset, group, model },
    windows: windows && `${windows.windowSec},${windows.hopSec}`,
    split: options.split,
    'test-fold': split.testFold,
    'val-fold': split.validationFold,
    epochs,
    lr: unless(defaults.learningRate, options.learningRate),
    'batch-size': unless(defaults.batchSize, options.batchSize),
    // On the command line, 0 means that training never stops early.
    patience: unless(defaults.patience, options.patience),
    'weight-decay': unless(defaults.weightDecay, weightDecay),
    augment: options.augment,
    seed,
  }
  const given = Object.entries(values).flatMap(([name, value]) =>
    value === null || Number.isNaN(value) ? [] : [`--${name} ${quote(String(value))}`],
  )
  const switches = {
    '--class-weights': options.classWeights,
    '--no-int8': !options.int8,
    '--skip-bad': options.skipBad,
    '--tolerant': options.tolerant,
    '--nested': options.nested,
  }
  const set = Object.entries(switches).flatMap(([name, isSet]) => (isSet ? [name] : []))
  return ['npm start --', ...given, ...set]
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function stageTable({ stageSec, totalSec, medianEpochMs }: RunMetrics['times']): Html {
  const stages = table(
    'Times',
    [{ name: 'stage' }, { name: 'time' }, { name: 'share' }],
    Object.entries(stageSec).map(([stage, sec]) => [
      stage,
      seconds(sec),
      totalSec > 0 ? percent(sec / totalSec) : missing,
    ]),
    [['total', seconds(totalSec), percent(1)]],
  )
  const epoch =
    medianEpochMs === null
      ? 'An earlier run trained all epochs, so this run timed none.'
      : `The median time of an epoch was ${seconds(medianEpochMs / 1000)}.`
  return html`${stages}<p class="note">${epoch}</p>`
}
