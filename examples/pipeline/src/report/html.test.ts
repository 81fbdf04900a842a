/** The template of HTML escapes what it is given. */
import { expect, test } from 'vitest'
import { html } from './html.js'

test('html escapes for text and attributes, and leaves its own markup alone', () => {
  const inner = html`<b>${'<&>"\''}</b>`
  expect(html`<p title="${'"'}">${inner}${[inner]}${null}${3}</p>`.markup).toBe(
    '<p title="&quot;"><b>&lt;&amp;&gt;&quot;&#39;</b><b>&lt;&amp;&gt;&quot;&#39;</b>3</p>',
  )
})
