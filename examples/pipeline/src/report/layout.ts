/** The few building blocks that all sections share. */
import { type Html, type HtmlValue, html } from './html.js'

/** A column of a {@link table}. Numbers are aligned at the right, and `text` at the left. */
export interface Column {
  name: string
  text?: boolean
}

/** Most rows of a list. A longer one is cut, and `metrics.json` holds all of it. */
export const longestList = 50

/** What a caption adds if its list was cut. @example cutNote(73) // '; the table shows the first 50' */
export function cutNote(total: number): string {
  return total > longestList ? `; the table shows the first ${longestList}` : ''
}

/** A section with its heading; `id` is what the table of contents links to. @example section('data', 'Data', body) */
export function section(id: string, title: string, body: HtmlValue): Html {
  return html`
<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>`
}

/**
 * A figure with its caption.
 *
 * @param graphic - An SVG with `role="img"`.
 * @param kind - `wide` keeps the drawn size and scrolls where the page is narrower; `fluid` shrinks.
 * @example figure(drawn, html`Clips per class.`)
 */
export function figure(graphic: Html, caption: HtmlValue, kind: 'fluid' | 'wide' = 'fluid'): Html {
  const body = kind === 'wide' ? html`<div class="scroll" tabindex="0">${graphic}</div>` : graphic
  return html`
<figure class="${kind}">
${body}
<figcaption>${caption}</figcaption>
</figure>`
}

/**
 * A table whose rows begin with their header.
 *
 * @param rows - One value per column; the first is the row's header.
 * @param footer - Rows at the end, below a line, such as averages.
 * @example table('Parts', [{ name: 'part' }, { name: 'clips' }], [['train', '240']])
 */
export function table(
  caption: HtmlValue,
  columns: readonly Column[],
  rows: readonly (readonly HtmlValue[])[],
  footer: readonly (readonly HtmlValue[])[] = [],
): Html {
  const cell = (value: HtmlValue, column: number) =>
    column === 0
      ? html`<th scope="row">${value}</th>`
      : html`<td${columns[column]?.text ? html` class="text"` : null}>${value}</td>`
  const row = (values: readonly HtmlValue[]) => html`<tr>${values.map(cell)}</tr>\n`
  const head = columns.map(
    ({ name, text }, column) =>
      html`<th scope="col"${text || column === 0 ? html` class="text"` : null}>${name}</th>`,
  )
  return html`
<div class="scroll" tabindex="0">
<table>
<caption><span>${caption}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.map(row)}</tbody>
${footer.length > 0 ? html`<tfoot>\n${footer.map(row)}</tfoot>\n` : null}</table>
</div>`
}

/** A class or a clip in a table: a short name stays on one line, a long one wraps. @example name('crackling_fire') */
export function name(text: string): Html {
  return html`<span class="name">${text}</span>`
}

/** A mark beside a number that was measured on synthetic clips; `null` if the clips are recordings. */
export function syntheticMark(synthetic: boolean): Html | null {
  return synthetic ? html` <span class="mark">synthetic</span>` : null
}
