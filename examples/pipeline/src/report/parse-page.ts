/** What the report's tests read from a rendered page. */
import { parseHTML } from 'linkedom'

/** The document of a page. @example parse(renderReport(results)) */
export const parse = (page: string) => parseHTML(page).document

/** An element's text with every run of white space as one space. @example textOf(document.querySelector('h1')) */
export const textOf = (element: Element | null) =>
  (element?.textContent ?? '').replaceAll(/[\s\u00a0]+/g, ' ')

/** All that a selector finds. @example all(document, 'figure') */
export const all = (root: ParentNode, selector: string) => Array.from(root.querySelectorAll(selector))

/** The texts of a table's cells, row by row, without head and foot. @example rowsOf(document, '#mistakes') */
export const rowsOf = (root: ParentNode, selector: string) =>
  all(root, `${selector} tbody tr`).map((row) => Array.from(row.children, (cell) => textOf(cell).trim()))

/** A string that would be a script if it were not escaped. */
export const payload = `<script>alert("1")</script><img src=x onerror='alert(2)'>&amp;`
