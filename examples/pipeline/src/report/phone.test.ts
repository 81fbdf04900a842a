/** The report on a narrow screen, in Chromium. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Locator, type Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeResults } from './fixture.js'
import { renderReport } from './render.js'

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

describe.skipIf(!existsSync(executablePath))(
  `at a width of 400 px (skipped without ${executablePath})`,
  () => {
    let folder: string
    let browser: Browser
    /** Decodes pictures: the report's own policy lets it load none. */
    let canvas: Page

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'esc-report-'))
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
      canvas = await browser.newPage()
    })
    afterAll(async () => {
      await browser?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    async function open(classes: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
      const file = join(folder, 'report.html')
      writeFileSync(file, renderReport(makeResults({ classes })))
      // A telephone's scroll bars take no room, and cannot be seen until a finger moves.
      const viewport = { width: 400, height: 900 }
      const page = await browser.newPage({ viewport, colorScheme, isMobile: true, hasTouch: true })
      await page.goto(pathToFileURL(file).href)
      return page
    }

    /** How far the edges of a box are from the colour of the page, for most of their height: 0 to 255. */
    async function edgesOf(box: Locator): Promise<{ left: number; right: number }> {
      const png = (await box.screenshot()).toString('base64')
      const colour = await box.evaluate(() => getComputedStyle(document.body).backgroundColor)
      return canvas.evaluate(
        async ([base64, red]) => {
          const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
          const image = await createImageBitmap(new Blob([bytes]))
          const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!
          context.drawImage(image, 0, 0)
          const distance = (x: number) => {
            const { data } = context.getImageData(x, 0, 1, image.height)
            // Lines and letters cover the smaller part of a column, so its median is the ground.
            const values = Array.from({ length: image.height }, (_, y) => data[4 * y]!).sort((a, b) => a - b)
            return Math.abs(values[values.length >> 1]! - red)
          }
          return { left: distance(0), right: distance(image.width - 1) }
        },
        [png, Number(/\d+/.exec(colour)![0])] as const,
      )
    }

    test.each([10, 50])(
      'nothing but tables, figures and code is wider than the screen (%i classes)',
      async (n) => {
        const page = await open(n)
        const tooWide = await page.evaluate(() =>
          Array.from(document.querySelectorAll('body *'))
            .filter(
              (element) => !element.closest('.scroll, pre') && element.getBoundingClientRect().right > 401,
            )
            .map(({ outerHTML }) => outerHTML.slice(0, 80)),
        )
        expect(tooWide).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400)
        await page.close()
      },
    )

    test.each(['light', 'dark'] as const)(
      'what scrolls sideways shows it at the edge (%s)',
      async (scheme) => {
        const page = await open(10, scheme)
        const sections: string[] = []
        for (const box of await page.locator('#split .scroll, #confusion .scroll, #mistakes .scroll').all()) {
          const overflow = await box.evaluate((element) => element.scrollWidth - element.clientWidth)
          const start = await edgesOf(box)
          expect(start.left).toBeLessThan(3)
          if (overflow === 0) {
            expect(start.right).toBeLessThan(3)
            continue
          }
          sections.push(await box.evaluate((element) => element.closest('section')!.id))
          expect(start.right).toBeGreaterThan(25)
          await box.evaluate((element) =>
            element.scrollTo({ left: element.scrollWidth, behavior: 'instant' }),
          )
          const end = await edgesOf(box)
          expect(end.right).toBeLessThan(3)
          expect(end.left).toBeGreaterThan(25)
        }
        expect(sections).toEqual(['confusion', 'confusion', 'mistakes'])
        await page.close()
      },
    )

    test('a caption stays in view while its table scrolls', async () => {
      const page = await open(10)
      const box = page.locator('#mistakes .scroll')
      await box.evaluate((element) => element.scrollTo({ left: element.scrollWidth, behavior: 'instant' }))
      const { x, width } = (await box.locator('caption > span').boundingBox())!
      expect(x).toBeGreaterThanOrEqual(24)
      expect(x + width).toBeLessThanOrEqual(400 - 24)
      await page.close()
    })
  },
)
