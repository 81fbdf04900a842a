/** Markup that cannot forget to escape: only what this folder wrote itself passes as it is. */

/** A piece of markup in which every string from outside has been escaped. */
export interface Html {
  readonly markup: string
}

/** What {@link html} takes between `${` and `}`: strings are escaped, markup is not, `null` is nothing. */
export type HtmlValue = string | number | Html | readonly Html[] | null

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * A template tag that escapes every value for text and for quoted attributes.
 *
 * @returns Markup; the literal parts are taken as they are.
 * @example html`<td title="${label}">${label}</td>`.markup
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map((literal, i) => literal + (i < values.length ? toMarkup(values[i]!) : ''))
  return { markup: parts.join('') }
}

/**
 * Takes a string as markup without escaping it: for what has been serialised from a document, and for the stylesheet.
 *
 * @example trusted(svg.outerHTML)
 */
export function trusted(markup: string): Html {
  return { markup }
}

function toMarkup(value: HtmlValue): string {
  if (value === null) return ''
  if (typeof value === 'object') {
    return 'markup' in value ? value.markup : value.map((part) => part.markup).join('')
  }
  return String(value).replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
