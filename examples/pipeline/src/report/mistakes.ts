/** The test clips that the models get wrong. */
import type { RunMetrics, TestPrediction } from '../results.js'
import { count, fixed, plural } from './format.js'
import { type Html, type HtmlValue, html } from './html.js'
import { cutNote, longestList, name, section, syntheticMark, table } from './layout.js'

/**
 * How many test clips each model gets wrong, and which.
 *
 * @example renderMistakes(results.metrics)
 */
export function renderMistakes({ predictions, dataset, int8 }: RunMetrics): Html {
  const mistakes = findMistakes(predictions)
  const mark = syntheticMark(dataset.synthetic)
  return section(
    'mistakes',
    'Misclassified clips',
    html`<p>${describeMistakes(predictions, int8 !== null)}${mark}</p>
${mistakes.length > 0 ? mistakeTable(mistakes, int8 !== null) : null}`,
  )
}

/**
 * The clips that float gets wrong, and those that only int8 gets wrong. The mistake with the highest score comes first;
 * where both models are wrong, float's score counts. Clips with the same score keep their order.
 *
 * @example findMistakes(metrics.predictions)[0] // { clipId: '1-17367-A-10', label: 'rain', float: { label: 'dog', … }, … }
 */
export function findMistakes(predictions: readonly TestPrediction[]): TestPrediction[] {
  const scoreOf = (prediction: TestPrediction) => {
    const { score } = isWrong(prediction, 'float') ? prediction.float : prediction.int8!
    // A score that is not a number would make the order depend on where the sort begins.
    return Number.isNaN(score) ? -1 : score
  }
  return predictions
    .filter((prediction) => isWrong(prediction, 'float') || isWrong(prediction, 'int8'))
    .sort((a, b) => scoreOf(b) - scoreOf(a))
}

function isWrong(prediction: TestPrediction, model: 'float' | 'int8'): boolean {
  const answer = prediction[model]
  return answer !== null && answer.label !== prediction.label
}

function describeMistakes(predictions: readonly TestPrediction[], hasInt8: boolean): string {
  const wrong = (model: 'float' | 'int8') => predictions.filter((prediction) => isWrong(prediction, model))
  const [float, int8] = [wrong('float'), wrong('int8')]
  const clips = plural(predictions.length, 'test clip')
  if (float.length + int8.length === 0) {
    return `${hasInt8 ? 'Float and int8 find' : 'The float model finds'} the right class for every test clip.`
  }
  if (!hasInt8) return `The float model gets ${count(float.length)} of ${clips} wrong.`
  const both = float.filter((prediction) => isWrong(prediction, 'int8')).length
  return `Of ${clips}, float gets ${count(float.length)} wrong and int8 gets ${count(int8.length)} wrong. Both are wrong on ${plural(both, 'clip')}.`
}

function mistakeTable(mistakes: readonly TestPrediction[], hasInt8: boolean): Html {
  const order = hasInt8
    ? "The wrong answer with the highest score comes first; if both models are wrong, float's score counts."
    : 'The wrong answer with the highest score comes first.'
  const models = hasInt8 ? (['float', 'int8'] as const) : (['float'] as const)
  return table(
    `${plural(mistakes.length, 'misclassified clip')}${cutNote(mistakes.length)}. Wrong answers are bold. A score lies between 0 and 1. ${order}`,
    [
      { name: 'clip' },
      { name: 'true class', text: true },
      ...models.flatMap((model) => [{ name: `${model} says`, text: true }, { name: `${model} score` }]),
    ],
    mistakes
      .slice(0, longestList)
      .map((mistake) => [
        name(mistake.clipId),
        name(mistake.label),
        ...models.flatMap((model) => answerCells(mistake, model)),
      ]),
  )
}

function answerCells(prediction: TestPrediction, model: 'float' | 'int8'): HtmlValue[] {
  const answer = prediction[model]
  if (answer === null) return ['', '']
  const label = isWrong(prediction, model) ? html`<b>${name(answer.label)}</b>` : name(answer.label)
  return [label, fixed(answer.score, 3)]
}
