/** The console of a run: what a terminal shows, and what a log gets. */
import { Writable } from 'node:stream'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { createStageConsole, losable } from './console.js'

function record(isTTY: boolean) {
  const written: string[] = []
  return { written, terminal: { isTTY, columns: 60, write: (text: string) => written.push(text) } }
}

test('without a terminal: plain lines, no bars, no escape codes', async () => {
  const { written, terminal } = record(false)
  const console = createStageConsole(terminal)
  const result = await console.stage('compute features', async () => {
    console.progress({ stage: 'compute features', done: 1, total: 2 })
    return { summary: '13 × 431', value: 7 }
  })
  expect(result.value).toBe(7)
  expect(written.length).toBe(1)
  expect(written[0]).toMatch(/^✔ compute features +\d+\.\d s {2}13 × 431\n$/)
  expect(Object.keys(console.seconds)).toEqual(['compute features'])
})

test('on a terminal: a bar that is wiped before each line, never wider than the window', async () => {
  const { written, terminal } = record(true)
  const console = createStageConsole(terminal)
  await console.stage('train', async () => {
    console.progress({ stage: 'train', done: 3, total: 3, detail: 'x'.repeat(200) })
    console.line('epoch 1')
    return { summary: 'done' }
  })
  const bars = written.filter((text) => text.includes('█'))
  expect(bars.length).toBe(1)
  expect(bars[0]!.length).toBeLessThan(60)
  expect(bars[0]).toContain('3/3')
  const line = written.indexOf('epoch 1\n')
  expect(written[line - 1]).toBe('\r\x1b[2K')
})

test('on a terminal: wide letters take two columns, and nothing of a name is obeyed', () => {
  const { written, terminal } = record(true)
  terminal.columns = 66
  const console = createStageConsole(terminal)
  const detail = '犬の鳴き声と雨の音'.repeat(9)
  console.progress({ stage: 'compute features', done: 9, total: 9, detail })
  const bar = written.find((text) => text.includes('█'))!
  // The last column stays free.
  expect(stringWidth(bar)).toBeLessThanOrEqual(65)
  expect(stringWidth(bar)).toBeGreaterThanOrEqual(64)
  expect(bar).toMatch(/犬の鳴$/)
  console.line('caf\u001b[31m\u0007\ttwo\nlines')
  expect(written.at(-1)).toBe('caf?[31m??two\nlines\n')
})

test.each(['EPIPE', 'ENOSPC', 'EIO'])(
  'a stream that is lost with %s is told once, and written to no more',
  async (code) => {
    const written: string[] = []
    const stream = new Writable({
      autoDestroy: false,
      write(chunk, _, done) {
        written.push(String(chunk))
        done(written.length < 2 ? null : Object.assign(new Error('lost'), { code }))
      },
    })
    const told: unknown[] = []
    const terminal = losable(stream as unknown as NodeJS.WriteStream, (cause) => told.push(cause.code))
    for (const text of ['first', 'second', 'third', 'fourth']) {
      terminal.write(text)
      await new Promise((next) => setImmediate(next))
    }
    expect(written).toEqual(['first', 'second'])
    expect(told).toEqual([code])
  },
)
