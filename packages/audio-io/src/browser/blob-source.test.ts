import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { blobSource } from './blob-source.js'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
const source = blobSource(new Blob([bytes.subarray(0, 300), bytes.subarray(300)]))

test.each([
  ['the start', 0, 16],
  ['across the parts of the blob', 290, 20],
  ['all', 0, 1000],
  ['no more than the blob holds', 990, 100],
  ['nothing past the end', 1000, 8],
])('reads %s', async (_, offset, length) => {
  expect(source.size).toBe(1000)
  expect(await source.read(offset, length)).toEqual(bytes.subarray(offset, offset + length))
})

test('IO naming a file that can no longer be read', async () => {
  const cause = new DOMException('the file has changed', 'NotReadableError')
  const file = new File([bytes], 'dog.wav')
  file.slice = () => ({ arrayBuffer: () => Promise.reject(cause) }) as Blob
  const error = await blobSource(file)
    .read(0, 1)
    .catch((reason: unknown) => reason)
  expect(error).toEqual(throwsCode('IO', /^cannot read dog\.wav: the file has changed$/))
  expect(error).toMatchObject({ cause })
})
