/** Turns the words of the libraries into the command's flags: a library has options, and the command has flags. */
import type { EscError } from '@esc/core'
import type { Finding } from '@esc/dataset'

/** Words of `@esc/dataset` in its messages, and what they are on the command line. */
const words: readonly (readonly [library: RegExp, command: string])[] = [
  [/\bsubset=(\w+)/g, '--subset $1'],
  [/(?<!-)\bnested\b/g, '--nested'],
  [/; for another table use openCsvDataset/g, '; to use another table, give it one of these layouts'],
  [/\buse openCsvDataset, or keep one\b/g, 'keep one of them'],
]

/**
 * The message of a library's error, for somebody at a command line: options become flags, and flags that would help are named.
 *
 * @param argv - The flags that were given. A flag that is set already does not help.
 * @example messageInFlags(error, argv) // 'audio/dog.wav: …; repair or remove it, or skip it (--skip-bad)'
 */
export function messageInFlags({ code, message, detail }: EscError, argv: readonly string[]): string {
  const text = words.reduce((said, [library, command]) => said.replaceAll(library, command), message)
  const isDamaged = detail.skippable === true && code === 'CORRUPT_DATA'
  const flags = [
    ...(detail.option === 'nested' ? ['--nested'] : []),
    ...(isDamaged && !argv.includes('--tolerant') ? ['--tolerant'] : []),
    ...(detail.skippable === true ? ['--skip-bad'] : []),
  ].filter((flag) => !text.includes(flag))
  return flags.length > 0 ? `${text} (${flags.join(', ')})` : text
}

/** The message of an audit's finding, with the flag that would help. */
export function findingInFlags({ code, message }: Pick<Finding, 'code' | 'message'>): string {
  return code === 'CUT_CLIP' ? `${message} (--windows 5)` : message
}

/** Prints findings of an audit, a line for each. */
export function printFindings(findings: readonly Finding[], line: (text: string) => void): void {
  for (const finding of findings) line(`  ${finding.severity}: ${findingInFlags(finding)}`)
}
