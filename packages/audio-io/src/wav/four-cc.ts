/** Names of chunks. */

/**
 * Reads the four-letter name of a chunk. A byte that is no printable ASCII becomes `?`.
 *
 * @example fourCc(view, 0) // 'RIFF'
 */
export function fourCc(view: DataView, offset: number): string {
  let id = ''
  for (let i = offset; i < offset + 4; i++) {
    const code = view.getUint8(i)
    id += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '?'
  }
  return id
}
