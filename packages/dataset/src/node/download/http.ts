/** HTTP requests to hosts that are not trusted: by HTTPS alone, redirects looked at one by one. */
import { EscError } from '@esc/core'

/** What is read of a response; `Response` has it. */
export interface HttpResponse {
  status: number
  headers: { get(name: string): string | null }
  body: AsyncIterable<Uint8Array> | null
}

/**
 * A function that does one request, as `fetch` does. Give your own to go through a proxy.
 *
 * @example
 * import { fetch, ProxyAgent } from 'undici'
 * const dispatcher = new ProxyAgent('http://proxy:3128')
 * await downloadEsc50('data/ESC-50', { fetch: (url, init) => fetch(url, { ...init, dispatcher }) })
 */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; redirect: 'manual'; signal: AbortSignal },
) => Promise<HttpResponse>

const MAX_REDIRECTS = 5

/**
 * Reads a URL and refuses what must not be fetched from: anything but HTTPS, except HTTP on this very machine.
 *
 * @throws EscError INVALID_OPTION naming the URL.
 * @example assertFetchable('https://example.org/set.zip')
 */
export function assertFetchable(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !(url.protocol === 'https:' || isLocalHttp(url))) {
    const shown = url ? shownUrl(url) : text
    throw new EscError('INVALID_OPTION', `url=${shown} must begin with https:// (or be http: on localhost)`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new EscError('INVALID_OPTION', `url=${shownUrl(url)} must not hold a user name or a password`)
  }
  return url
}

/**
 * A URL for messages: without its query and its password, which are secrets.
 *
 * @example shownUrl(new URL('https://a.org/b?key=1')) // 'https://a.org/b'
 */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

/**
 * Asks for a file and follows redirects, each of which must lead to HTTPS; from HTTP on this machine, to there as well.
 *
 * @throws EscError IO naming the URL, if a redirect leads elsewhere, nowhere, or on and on; whatever `fetch` throws.
 */
export async function request(
  first: URL,
  headers: Record<string, string>,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let url = first
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await fetch(url.href, { headers, redirect: 'manual', signal })
    if (![301, 302, 303, 307, 308].includes(response.status)) return response
    const location = response.headers.get('location')
    const next = location !== null && URL.canParse(location, url) ? new URL(location, url) : null
    if (next === null) throw new EscError('IO', `${shownUrl(url)} redirects to nowhere`)
    if (!(next.protocol === 'https:' || (isLocalHttp(url) && isLocalHttp(next)))) {
      throw new EscError('IO', `${shownUrl(url)} redirects to ${shownUrl(next)}, which is not https`)
    }
    if (next.username !== '' || next.password !== '') {
      throw new EscError(
        'IO',
        `${shownUrl(url)} redirects to ${shownUrl(next)} with a user name or a password`,
      )
    }
    url = next
  }
  throw new EscError('IO', `${shownUrl(first)} redirects more than ${MAX_REDIRECTS} times`)
}

function isLocalHttp({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
