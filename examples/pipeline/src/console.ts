/** What a person sees while it runs: a progress bar on a terminal, plain lines elsewhere. */
import type { ProgressEvent } from '@esc/core'
import stringWidth from 'string-width'

/** Where the output goes. */
export interface Terminal {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

/**
 * A stream that may be lost: closed (`npm start | head`), on a full disk, or a terminal that is gone. What is written afterwards is
 * dropped, and the run goes on: its results are what counts.
 *
 * @param stream - `process.stdout` or `process.stderr`.
 * @param onLost - Told why, once.
 */
export function losable(
  stream: NodeJS.WriteStream,
  onLost: (cause: NodeJS.ErrnoException) => void = () => {},
): Terminal {
  let isLost = false
  const lose = (cause: NodeJS.ErrnoException) => {
    if (isLost) return
    isLost = true
    onLost(cause)
  }
  stream.on('error', lose)
  return {
    write(text) {
      if (!isLost) stream.write(text)
    },
    get isTTY() {
      return stream.isTTY && !isLost
    },
    get columns() {
      return stream.columns
    },
  }
}

/** Shows one stage after another. */
export interface StageConsole {
  /** Prints a line. */
  line(text: string): void
  /** Shows how far a stage is: at once on a terminal, elsewhere as a line every ten seconds. */
  progress(event: ProgressEvent): void
  /** Runs a stage: shows its name while it runs, and a line with its time and what it returned as `summary` after. */
  stage<T extends { summary: string }>(name: string, run: () => Promise<T>): Promise<T>
  /** Seconds of each finished stage. */
  readonly seconds: Readonly<Record<string, number>>
}

const barWidth = 24
/** A terminal is redrawn at most so often; elsewhere a line is printed. */
const redrawMs = 60
const lineMs = 10_000

/** @param terminal - `process.stdout`, or anything that is written to. */
export function createStageConsole(terminal: Terminal): StageConsole {
  const live = terminal.isTTY === true
  const seconds: Record<string, number> = {}
  let drawn = false
  let lastShown = performance.now()

  const clear = () => {
    if (drawn) terminal.write('\r\x1b[2K')
    drawn = false
  }
  const draw = (text: string) => {
    clear()
    terminal.write(cutToWidth(plain(text), (terminal.columns ?? 80) - 1))
    drawn = true
  }
  const line = (text: string) => {
    clear()
    terminal.write(`${plain(text)}\n`)
  }

  return {
    line,
    seconds,
    progress({ stage, done, total, detail }) {
      const now = performance.now()
      if (now - lastShown < (live ? redrawMs : lineMs) && !(live && done === total)) return
      lastShown = now
      if (!live) return line(`  ${stage} ${done}/${total}`)
      const filled = total > 0 ? Math.round((barWidth * done) / total) : 0
      const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
      draw(`  ${stage.padEnd(26)} ${bar} ${done}/${total}${detail ? `  ${detail}` : ''}`)
    },
    async stage(name, run) {
      const started = performance.now()
      lastShown = started - redrawMs
      if (live) draw(`  ${name} …`)
      const result = await run()
      const elapsed = (performance.now() - started) / 1000
      seconds[name] = elapsed
      line(`✔ ${name.padEnd(26)} ${`${elapsed.toFixed(1)} s`.padStart(8)}  ${result.summary}`)
      return result
    },
  }
}

/** A text without what a terminal would obey: names come from files and tables. */
function plain(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, '?')
}

/** The start of a text that fits into so many columns: letters of some scripts take two. */
function cutToWidth(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text
  let width = 0
  let end = 0
  for (const { segment, index } of new Intl.Segmenter().segment(text)) {
    width += stringWidth(segment)
    if (width > columns) break
    end = index + segment.length
  }
  return text.slice(0, end)
}
