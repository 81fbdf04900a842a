/** Shows how far a run is: with a progress bar on a terminal, and with plain lines elsewhere. */
import type { ProgressEvent } from '@esc/core'
import stringWidth from 'string-width'

/** Where the output goes. */
export interface Terminal {
  write(text: string): unknown
  isTTY?: boolean
  columns?: number
}

/**
 * Wraps a stream that may be lost: its reader closes it (`npm start | head`), the disk is full, or the terminal is gone. Later text is
 * dropped and the run goes on, because its results matter more than its text.
 *
 * @param stream - `process.stdout` or `process.stderr`.
 * @param onLost - Called once, with the error.
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

/** Shows the stages of a run, one after another. */
export interface StageConsole {
  /** Prints a line. */
  line(text: string): void
  /** Shows how far a stage is: with a bar on a terminal, and elsewhere with a line every ten seconds. */
  progress(event: ProgressEvent): void
  /** Runs a stage. It shows the stage's name meanwhile, and afterwards a line with the time and the returned `summary`. */
  stage<T extends { summary: string }>(name: string, run: () => Promise<T>): Promise<T>
  /** Seconds of each finished stage. */
  readonly seconds: Readonly<Record<string, number>>
}

const barWidth = 24
/** Shortest time between two drawings of the bar on a terminal, and between two lines elsewhere. */
const redrawMs = 60
const lineMs = 10_000

/** Makes a console for the stages. @param terminal - `process.stdout`, or anything that text can be written to. */
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

/** Replaces control characters, which a terminal would obey. Names come from files and tables, so they may hold some. */
function plain(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, '?')
}

/** The start of a text that fits into so many columns. Letters of some scripts take two columns each. */
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
