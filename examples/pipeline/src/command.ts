/** The flags of the command: their names, their values and the text of `--help`. */
import { type ClipWindows, EscError } from '@esc/core'
import { Command, CommanderError, Option } from 'commander'
import { number, oneOf, type Parser, text, whole, windows } from './flag-values.js'

const choices = {
  subset: ['esc10', 'esc50'],
  model: ['audio-cnn', 'mel-cnn'],
  split: ['folds', 'stratified', 'stratified-group'],
  augment: ['light', 'strong'],
} as const

/** A part of ESC-50. */
export type SubsetName = (typeof choices.subset)[number]

/** A network. */
export type ModelName = (typeof choices.model)[number]

/** How much the training clips change in each epoch. */
export type AugmentName = (typeof choices.augment)[number]

/** How the clips are split. */
export type SplitName = (typeof choices.split)[number]

/** The flags as commander returns them. */
export interface Flags {
  data?: string
  download?: true
  subset?: SubsetName
  group?: string
  model?: ModelName
  windows?: ClipWindows
  split?: SplitName
  testFold?: number
  valFold?: number
  epochs?: number
  lr?: number
  batchSize?: number
  patience?: number
  weightDecay?: number
  classWeights?: true
  augment?: AugmentName
  int8: boolean
  seed?: number
  out?: string
  dryRun?: true
  skipBad?: true
  tolerant?: true
  nested?: true
  features?: string
  checkpoint?: string
  saveAudio?: true
}

/** Makes the command with all its flags. It prints nothing, and does not end the process. */
function createCommand(): Command {
  const flag = <T>(name: string, description: string, parse: Parser<T>) =>
    new Option(name, description).argParser(parse)
  return new Command('npm start --')
    .description('Makes a verified int8 ONNX model and a report from recordings.')
    .allowExcessArguments(false)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .exitOverride()
    .addOption(
      flag(
        '--data <dir>',
        'data set: ESC-50, UrbanSound8K, or one folder for each class (default: a synthetic set)',
        text,
      ),
    )
    .option('--download', 'download ESC-50 (0.6 GB, CC BY-NC) first, into --data (default: data/ESC-50)')
    .addOption(
      flag(
        '--subset <name>',
        'which classes of ESC-50: esc10 or esc50 (default: esc10)',
        oneOf(choices.subset),
      ),
    )
    .addOption(
      flag(
        '--group <rule>',
        'how to find the clips of one recording: a column of the table, or a regular expression for the file name (without folders), whose ( ) holds the name of the recording',
        text,
      ),
    )
    .addOption(
      flag(
        '--model <name>',
        'network: audio-cnn (13 MFCCs) or mel-cnn (128 log-mel bands) (default: audio-cnn)',
        oneOf(choices.model),
      ),
    )
    .addOption(
      flag(
        '--windows <sec>',
        'cut each clip into windows of this many seconds, and average their scores; 5,2.5 also sets the step between windows (default: no windows, each clip is padded or cut to 5 s; step: half a window)',
        windows,
      ),
    )
    .addOption(
      flag(
        '--split <name>',
        'how to choose the test clips: folds, stratified (a random 20 %; clips of one recording may be on both sides) or stratified-group (default: folds, or stratified-group if the data set has none)',
        oneOf(choices.split),
      ),
    )
    .addOption(flag('--test-fold <n>', 'fold to test on (default: 1)', whole(0)))
    .addOption(
      flag('--val-fold <n>', 'fold to validate on (default: the fold after the test fold)', whole(0)),
    )
    .addOption(
      flag('--epochs <n>', 'largest number of passes over the training clips (default: 30)', whole(1)),
    )
    .addOption(
      flag(
        '--lr <rate>',
        'learning rate (default: 0.001)',
        number((value) => value > 0, '> 0'),
      ),
    )
    .addOption(flag('--batch-size <n>', 'clips in each training step (default: 32)', whole(1)))
    .addOption(
      flag(
        '--patience <n>',
        'stop after this many epochs without a lower validation loss; 0 never stops early (default: 10)',
        whole(0),
      ),
    )
    .addOption(
      flag(
        '--weight-decay <w>',
        'weight decay of the Adam optimiser (default: none)',
        number((value) => value >= 0, '>= 0'),
      ),
    )
    .option('--class-weights', 'give rare classes more weight in the loss')
    .addOption(
      flag(
        '--augment <name>',
        'change the training clips in each epoch: light (level, shift in time, masks) or strong (also speed, and mixing of classes; wants more epochs) (default: none)',
        oneOf(choices.augment),
      ),
    )
    .option('--no-int8', 'make no int8 model')
    .addOption(flag('--seed <n>', 'seed of everything random (default: 42)', whole(0)))
    .addOption(
      flag('--out <dir>', 'folder of the results (default: a folder in runs/, named after the run)', text),
    )
    .option('--dry-run', 'try one clip and one random batch, and write nothing')
    .option('--skip-bad', 'skip missing, damaged and unsupported files')
    .option('--tolerant', 'use the readable part of damaged clips')
    .option('--nested', 'also take sounds in folders below the folder of a class')
    .addOption(
      flag('--features <dir>', 'keep the features in this folder, and use those that are still valid', text),
    )
    .addOption(
      flag(
        '--checkpoint <file>',
        'keep the training in this file after each epoch; the same command continues from there',
        text,
      ),
    )
    .option('--save-audio', 'keep each clip as the features see it, in processed/audio/ of the results')
}

/** The text of `--help`. */
export function helpText(): string {
  return createCommand().helpInformation()
}

/**
 * Reads the flags that are given; no defaults are filled in.
 *
 * @throws EscError INVALID_OPTION naming the flag: an unknown one (with the nearest known one), or one with a wrong value.
 */
export function readFlags(argv: readonly string[]): Flags {
  const command = createCommand()
  try {
    command.parse([...argv], { from: 'user' })
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause
    if (cause.code === 'commander.excessArguments') {
      const message = `unexpected '${command.args[0]}'; a flag begins with --, as --data DIR (see --help)`
      throw new EscError('INVALID_OPTION', message, { cause })
    }
    // The message becomes one line, without commander's prefix and line breaks.
    const message = cause.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
    throw new EscError(
      'INVALID_OPTION',
      `${message}${message.includes('Did you mean') ? '' : ' (see --help)'}`,
      { cause },
    )
  }
  return command.opts<Flags & Record<string, never>>()
}
