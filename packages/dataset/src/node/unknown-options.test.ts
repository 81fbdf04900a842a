/** No export of `/node` takes an option that it does not know. */
import { mfcc13 } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import * as node from './index.js'

/** A misspelt option, in place of an options object of any type. */
type Unknown = never

const opened = {
  dataset: { name: 'x', labels: ['dog'], records: [], synthetic: false },
  dir: 'nowhere',
  missing: [],
  pathOf: () => 'nowhere',
}

const calls: Readonly<Record<string, (options: Unknown) => unknown>> = {
  augmentedSet: (o) => node.augmentedSet(opened, mfcc13, o),
  auditDataset: (o) => node.auditDataset(opened, o),
  downloadEsc50: (o) => node.downloadEsc50('nowhere', o),
  extractFeatures: (o) => node.extractFeatures(opened, mfcc13, o),
  openCsvDataset: (o) =>
    node.openCsvDataset('nowhere', {
      table: 'a.csv',
      columns: { filename: 'a', label: 'b' },
      ...(o as object),
    } as never),
  openDataset: (o) => node.openDataset('nowhere', o),
  openFolderDataset: (o) => node.openFolderDataset('nowhere', o),
  writeSyntheticEsc10: (o) => node.writeSyntheticEsc10('nowhere', o),
}
const withoutOptions = ['openFeatures']

describe('an option that is unknown', () => {
  test.each(Object.entries(calls))('%s refuses it by name', async (_name, call) => {
    await expect((async () => call({ no_such_option: 2 } as Unknown))()).rejects.toEqual(
      throwsCode('INVALID_OPTION', 'no_such_option'),
    )
  })

  test.each(Object.entries(calls))('%s refuses options that are none', async (name, call) => {
    if (name === 'openCsvDataset') return
    await expect((async () => call(7 as never))()).rejects.toThrow(throwsCode('INVALID_OPTION'))
  })
})

test('every function is in one of the lists', () => {
  const functions = Object.entries(node).flatMap(([name, value]) =>
    typeof value === 'function' ? [name] : [],
  )
  expect([...Object.keys(calls), ...withoutOptions].sort()).toEqual(functions.sort())
})
