import { expect, test } from 'vitest'
import { withoutTags } from './tags.js'

const text = (value: string) => Array.from(value, (char) => char.charCodeAt(0))
const sound = [0xff, 0xfb, 1, 2, 3]
const id3v1 = [...text('TAG'), ...new Array<number>(125).fill(0)]
const id3v2 = (name: string, flags: number) => [...text(name), 4, 0, flags, 0, 0, 0, 4]

test.each<[string, number[]]>([
  ['nothing', sound],
  ['ID3v1', [...sound, ...id3v1]],
  ['ID3v1 enhanced', [...sound, ...text('TAG+'), ...new Array<number>(223).fill(0), ...id3v1]],
  ['Lyrics3', [...sound, ...text('LYRICSBEGININD00002'), ...text('000019LYRICS200'), ...id3v1]],
  ['ID3v2 in front', [...id3v2('ID3', 0), 0, 0, 0, 0, ...sound]],
  ['ID3v2 after', [...sound, ...id3v2('ID3', 0x10), 0, 0, 0, 0, ...id3v2('3DI', 0x10)]],
  [
    'APE after',
    [...sound, ...text('APETAGEX'), 0xd0, 7, 0, 0, 32, 0, 0, 0, ...new Array<number>(16).fill(0)],
  ],
])('removes %s', (_, bytes) => {
  expect([...withoutTags(Uint8Array.from(bytes))]).toEqual(sound)
})

test('is empty if a tag states more bytes than the file has', () => {
  expect(withoutTags(Uint8Array.from([...id3v2('ID3', 0), 0]))).toHaveLength(0)
  expect(withoutTags(Uint8Array.from([...sound, ...text('999999LYRICS200')]))).toHaveLength(0)
})
