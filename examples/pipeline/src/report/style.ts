/** The report's one stylesheet: no font, image or file from elsewhere. */

/**
 * Light and dark palettes (blue and orange of Okabe and Ito 2008, told apart by all common kinds of colour vision),
 * narrow screens and print.
 *
 * @example html`<style>${trusted(stylesheet)}</style>`
 */
export const stylesheet = `
:root {
  color-scheme: light;
  --ground: #fff; --panel: #f4f6f8; --ink: #1b1f24; --muted: #57606a; --rule: #d3d9e0;
  --blue: #0072b2; --orange: #d55e00; --cell: #08519c; --on-pale: #000; --on-cell: #fff;
  --alert-ground: #fff3cd; --alert-ink: #6b4700; --error: #b3261e; --shade: #0005;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --ground: #15181c; --panel: #1f242a; --ink: #e8ebee; --muted: #a5adb6; --rule: #3a424b;
    --blue: #56b4e9; --orange: #e69f00; --cell: #5b9bc8; --on-pale: #fff; --on-cell: #000;
    --alert-ground: #3d3010; --alert-ink: #ffd87a; --error: #ff9a90; --shade: #fff6;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 61rem;
  background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
h1, h2 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0; font-size: 2rem; }
h2 { margin: 3rem 0 1rem; padding-top: .75rem; border-top: 2px solid var(--rule); font-size: 1.35rem; }
.kicker { margin: 0 0 .25rem; color: var(--muted); font-size: .9rem; letter-spacing: .04em; }
.lead { margin: .5rem 0 0; font-size: 1.1rem; }
.note, figcaption, caption { color: var(--muted); font-size: .875rem; line-height: 1.45; }
a { color: var(--blue); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 1.25rem 0 0; padding: 0; list-style: none; }
.banner {
  margin: 1.25rem 0 0; padding: .75rem 1rem; border-left: .4rem solid var(--orange); border-radius: 4px;
  background: var(--alert-ground); color: var(--alert-ink);
}
.mark {
  display: inline-block; padding: 0 .4em; border-radius: 3px; background: var(--alert-ground);
  color: var(--alert-ink); font-size: .72rem; font-weight: 400; line-height: 1.5; white-space: nowrap;
}
.warning { color: var(--alert-ink); background: var(--alert-ground); padding: 0 .25em; border-radius: 3px; }
.error { color: var(--error); font-weight: 700; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1rem; margin: 0; }
.tiles > div { padding: .9rem 1rem; border-radius: 6px; background: var(--panel); }
.tiles dt { font-weight: 600; }
.tiles dd { margin: 0; }
.value { display: block; font-variant-numeric: tabular-nums; }
.value b { font-size: 1.6rem; line-height: 1.35; margin-right: .15em; white-space: nowrap; }
.value small { color: var(--muted); font-size: .875rem; }
.tiles .note { display: block; margin-top: .35rem; }
.columns {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 2rem;
  align-items: start;
}
.columns > * { min-width: 0; }
.pair {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); gap: 0 2rem; align-items: start;
}
.pair > * { min-width: 0; }
figure { margin: 0 0 1.5rem; break-inside: avoid; }
figcaption { margin-top: .4rem; max-width: 48rem; }
.plot { display: block; max-width: 100%; height: auto; font-size: 11px; background: var(--ground); overflow: visible; }
.plot text { white-space: pre; }
.wide .plot { max-width: none; overflow: hidden; background: none; }
.scroll { --back: var(--ground); max-width: 100%; margin-bottom: 1rem; container-type: inline-size; }
figure .scroll { margin: 0; }
/* A shadow lies at each edge of the box. A cover at each end of the content scrolls with it, and hides the shadow there. */
.scroll, pre {
  overflow-x: auto;
  background:
    linear-gradient(to right, var(--back) 40%, transparent) 0 0 / 3rem 100% no-repeat local,
    linear-gradient(to left, var(--back) 40%, transparent) 100% 0 / 3rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) 0 0 / 1rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) 100% 0 / 1rem 100% no-repeat scroll,
    var(--back);
}
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 1rem 0 .75rem; }
.legend svg { vertical-align: middle; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { padding: .25rem 0; text-align: left; }
/* A caption stays in view while its table scrolls. */
caption > span { position: sticky; left: 0; display: inline-block; max-width: calc(100cqi - 1rem); }
.name { display: inline-block; width: max-content; max-width: 16rem; }
th, td {
  padding: .3rem 1.1rem .3rem 0; border-bottom: 1px solid var(--rule); text-align: right; vertical-align: top;
  overflow-wrap: normal;
}
tbody th, td.text { min-width: 7rem; overflow-wrap: anywhere; }
th:first-child, th.text, td.text { text-align: left; }
th { font-weight: 500; }
th:last-child, td:last-child { padding-right: 0; }
.scroll + .note, .scroll + p { margin-top: 0; }
thead th { border-bottom: 2px solid var(--rule); color: var(--muted); white-space: nowrap; }
tfoot tr:first-child > * { border-top: 2px solid var(--rule); }
.score { white-space: nowrap; }
.score svg { margin-right: .3rem; fill: var(--blue); }
.score .track { fill: var(--rule); }
pre { --back: var(--panel); padding: .75rem 1rem; border-radius: 6px; }
pre span { display: inline-block; }
code { font: .875rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.note code { white-space: nowrap; }
.command { white-space: normal; }
details { margin: 1rem 0; }
summary { cursor: pointer; }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
@media (max-width: 30rem) {
  th, td { padding-right: .6rem; }
  .score svg { display: none; }
}
@media (min-width: 42rem) {
  .tiles > div:first-child { grid-column: span 2; }
}
@media print {
  body { padding: 0; max-width: none; font-size: 10pt; }
  nav { display: none; }
  .banner, .mark, .warning, .tiles > div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .wide .plot { max-width: 100%; }
  .columns, .pair { grid-template-columns: 1fr 1fr; }
  .scroll, pre { overflow: visible; background: none; }
  h2 { break-after: avoid; }
  tr, .tiles > div { break-inside: avoid; }
}
`
