/** HTTP requests to hosts that are not trusted: by HTTPS alone, and each redirect is checked. */
import { EscError } from '@esc/core'

/** The part of a response that is read here. `Response` has it. */
export interface HttpResponse {
  status: number
  headers: { get(name: string): string | null }
  body: AsyncIterable<Uint8Array> | null
}

/**
 * A function that does one request, as `fetch` does. It must stop when `signal` is aborted. Give your own to add headers, or to go through a proxy.
 *
 * @example
 * const patient: Fetch = (url, init) =>
 *   fetch(url, { ...init, headers: { ...init.headers, Authorization: 'Bearer 123' } })
 * await downloadEsc50('data/ESC-50', { fetch: patient })
 */
export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; redirect: 'manual'; signal: AbortSignal },
) => Promise<HttpResponse>

const mostRedirects = 5

/**
 * Reads a URL. It refuses a URL without HTTPS, but takes HTTP from this machine itself.
 *
 * @throws EscError INVALID_OPTION naming the URL.
 * @example assertFetchable('https://example.org/set.zip')
 */
export function assertFetchable(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const fault = url === null ? urlRule : faultOf(url, true)
  if (url === null || fault !== null) {
    throw new EscError('INVALID_OPTION', `url=${url ? shownUrl(url) : text} ${fault}`)
  }
  return url
}

/**
 * A URL for messages: without its query and its password, which may be secrets.
 *
 * @example shownUrl(new URL('https://a.org/b?key=1')) // 'https://a.org/b'
 */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`
}

/**
 * Requests a file and follows redirects. Each must lead to HTTPS; a redirect from this machine may also lead to this machine.
 *
 * @throws EscError IO naming the URL, if a redirect leads elsewhere or nowhere, or there are more than five; what `fetch` throws.
 */
export async function request(
  first: URL,
  headers: Record<string, string>,
  fetch: Fetch,
  signal: AbortSignal,
): Promise<HttpResponse> {
  let url = first
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await fetch(url.href, { headers, redirect: 'manual', signal })
    if (![301, 302, 303, 307, 308].includes(response.status)) return response
    const location = response.headers.get('location')
    const next = location !== null && URL.canParse(location, url) ? new URL(location, url) : null
    if (next === null) throw new EscError('IO', `${shownUrl(url)} redirects to nowhere`)
    const fault = faultOf(next, isLocalHttp(url))
    if (fault !== null)
      throw new EscError('IO', `${shownUrl(url)} redirects to ${shownUrl(next)}, which ${fault}`)
    url = next
  }
  throw new EscError('IO', `${shownUrl(first)} redirects more than ${mostRedirects} times`)
}

const httpsRule = 'must begin with https://'
const urlRule = `${httpsRule} (or be http: on localhost)`

/** The rule that a URL breaks; `null` if it may be fetched. */
function faultOf(url: URL, isLocalAllowed: boolean): string | null {
  if (url.protocol !== 'https:' && !(isLocalAllowed && isLocalHttp(url))) {
    return isLocalAllowed ? urlRule : httpsRule
  }
  return url.username === '' && url.password === '' ? null : 'must not hold a user name or a password'
}

function isLocalHttp({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
