import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { DownloadError, openCifar, readImage, VisionError } from '../src/index.ts'
import { records, tarGz } from './archives.ts'

const bmp = Uint8Array.from('BM:\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0', char =>
  char.charCodeAt(0),
)
const onePixel = new Uint8Array(58)
onePixel.set(bmp)
onePixel.set([3, 2, 1], 54)

const archive = tarGz({ 'test_batch.bin': records(100, 1) })

/** The server's answer for each path. */
const answers: Record<string, RequestListener> = {
  '/one%20pixel.bmp': (_, response) => response.end(onePixel),
  '/test_batch.bin': (_, response) => response.end(records(2, 1)),
  '/packed/test_batch.bin': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(records(2, 1))),
  '/broken.bmp': (_, response) => response.writeHead(200, { 'content-length': 99 }).end('BM', () => response.destroy()),
  '/large.bmp': (_, response) => response.writeHead(200, { 'content-length': 2 ** 30 + 1 }).write('BM'),
  '/private.png': (_, response) => response.writeHead(403).end('<html>'),
  '/login.png': (_, response) => response.writeHead(200).end('<!doctype html><title>Log in</title>'),
  '/busy.png': (_, response) => response.writeHead(429).end(),
  '/silent.png': () => {},
  '/stalling.png': (_, response) => response.writeHead(200).write('PNG'),
  '/file.png': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/circle.png': (_, response) => response.writeHead(302, { location: '/circle.png' }).end(),
  '/moved.bmp': (_, response) => response.writeHead(302, { location: '/one%20pixel.bmp' }).end(),
  '/broken.tar.gz': (_, response) =>
    response.writeHead(200, { 'content-length': 1e6 }).write(archive.subarray(0, 5000), () => response.destroy()),
  '/stalling.tar.gz': (_, response) => response.writeHead(200).write(archive.subarray(0, 5000)),
  '/large.tar.gz': (_, response) => response.writeHead(200, { 'content-length': 1e15 }).write(archive),
  '/down.tar.gz': (_, response) => response.writeHead(502).end(),
}

let server: Server
let base: string
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[request.url ?? '']
    if (answer) answer(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

test.each(['/one pixel.bmp', '/moved.bmp'])('images can be fetched: %s', async path => {
  const image = await readImage(new URL(base + path))
  expect(image).toEqual({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) })
})

test.each(['/test_batch.bin', '/packed/test_batch.bin'])('data sets can be fetched: %s', async path => {
  expect((await openCifar(new URL(base + path), { split: 'test' })).length).toBe(2)
})

/** A short stall limit, only for paths that stall. */
const patience = (path: string) => (/silent|stalling/.test(path) ? { stallSeconds: 0.3 } : {})

test.each([
  ['/cat.png', 'the server answered 404; there is no such file, so check the address'],
  [
    '/private.png',
    'the server answered 403; it is private or needs a login, so download it yourself and give the file',
  ],
  ['/busy.png', 'the server answered 429; too many requests, so try again later'],
  ['/broken.bmp', 'the connection broke (UND_ERR_SOCKET); try again later'],
  [
    '/large.bmp',
    'the server has 1073741825 bytes, more than the 1073741824 bytes that an image file may have; check the address',
  ],
  ['/silent.png', 'nothing came for 0.3 s; try again later'],
  ['/stalling.png', 'nothing came for 0.3 s; try again later'],
  ['/file.png', 'the server redirects to a file: URL; give an http or https address'],
  ['/circle.png', 'the server redirects in circles; check the address'],
])('a failed download of an image is reported: %s', async (path, message) => {
  const error = await readImage(new URL(base + path), patience(path)).catch(error => error)
  expect(error).toBeInstanceOf(DownloadError)
  expect(error).toBeInstanceOf(VisionError)
  expect(error.message).toBe(`${base}${path}: ${message}`)
})

test.each([
  ['/broken.tar.gz', 'the connection broke (UND_ERR_SOCKET); try again later'],
  ['/stalling.tar.gz', 'nothing came for 0.3 s; try again later'],
  [
    '/large.tar.gz',
    'the server has 1000000000000000 bytes, more than the 1073741824 bytes that a data set may have; check the address',
  ],
  ['/down.tar.gz', 'the server answered 502; try again later'],
])('a failed download of a data set is reported: %s', async (path, message) => {
  const error = await openCifar(new URL(base + path), { split: 'test', ...patience(path) }).catch(error => error)
  expect(error).toBeInstanceOf(DownloadError)
  expect(error.message).toBe(`${base}${path}: ${message}`)
})

test('a web page instead of an image is refused', async () => {
  await expect(readImage(new URL(`${base}/login.png`))).rejects.toThrow(VisionError)
})

test('an unreachable server is reported', async () => {
  const error = await openCifar(new URL('http://127.0.0.1:1/cifar.tar.gz'), { split: 'test' }).catch(error => error)
  expect(error).toBeInstanceOf(DownloadError)
  expect(error.message).toBe('http://127.0.0.1:1/cifar.tar.gz: cannot be fetched (bad port); check the address')
})

describe('a signal', () => {
  test.each([
    ['a download of an image', '/silent.png', (url: URL, signal: AbortSignal) => readImage(url, { signal })],
    ['a started download of an image', '/stalling.png', (url: URL, signal: AbortSignal) => readImage(url, { signal })],
    [
      'a started download of an archive',
      '/stalling.tar.gz',
      (url: URL, signal: AbortSignal) => openCifar(url, { split: 'test', signal }),
    ],
  ])('aborts %s with its reason', async (_, path, open) => {
    const controller = new AbortController()
    const reason = new Error('enough')
    server.once('request', () => setTimeout(() => controller.abort(reason), 50))
    await expect(open(new URL(base + path), controller.signal)).rejects.toBe(reason)
  })

  test('that is already aborted prevents the start of a download', async () => {
    const signal = AbortSignal.abort('before')
    await expect(readImage(new URL(`${base}/cat.png`), { signal })).rejects.toBe('before')
    await expect(readImage(onePixel, { signal })).rejects.toBe('before')
    await expect(openCifar(new URL(base), { split: 'test', signal })).rejects.toBe('before')
  })
})

/** Tests of answers that no local server can give: over https, or changed by a browser. */
describe('with a stubbed fetch', () => {
  afterEach(() => vi.unstubAllGlobals())

  /** Replaces fetch by one with these answers, by kind of redirect and URL. Returns a list of the requests. */
  function stubFetch(answers: Record<string, () => Response>): string[] {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (url: URL, { redirect }: RequestInit) => {
      asked.push(`${redirect} ${url.href}`)
      const answer = answers[`${redirect} ${url.href}`]
      if (!answer) throw new TypeError('Failed to fetch')
      return answer()
    })
    return asked
  }
  const redirect = (location: string) => () => new Response(null, { status: 302, headers: { location } })
  const shownAs = (response: Response, seen: { type: ResponseType; url: string }) =>
    Object.defineProperties(response, { type: { value: seen.type }, url: { value: seen.url } })
  const image = () => new Response(onePixel)

  test('https may redirect to https on another host', async () => {
    stubFetch({ 'manual https://a.test/x': redirect('https://b.test/y'), 'manual https://b.test/y': image })
    expect((await readImage(new URL('https://a.test/x'))).width).toBe(1)
  })

  test('http may redirect to https', async () => {
    stubFetch({ 'manual http://a.test/x': redirect('https://a.test/x'), 'manual https://a.test/x': image })
    expect((await readImage(new URL('http://a.test/x'))).width).toBe(1)
  })

  test.each([
    ['at once', { 'manual https://a.test/x': redirect('http://b.test/y') }],
    [
      'in the end',
      {
        'manual https://a.test/x': redirect('https://a.test/z'),
        'manual https://a.test/z': redirect('http://b.test/y'),
      },
    ],
  ])('https must not redirect to http, %s', async (_, answers) => {
    const asked = stubFetch({ ...answers, 'manual http://b.test/y': image })
    await expect(readImage(new URL('https://a.test/x'))).rejects.toThrow(
      'https://a.test/x: the server redirects from https to http://b.test/y; give an https address, or that one itself if you trust it',
    )
    expect(asked).not.toContain('manual http://b.test/y')
  })

  test('a browser follows redirects by itself, and the last URL is checked', async () => {
    const hidden = () => shownAs(new Response(), { type: 'opaqueredirect', url: 'https://a.test/x' })
    const answers = { 'manual https://a.test/x': hidden }
    stubFetch({
      ...answers,
      'follow https://a.test/x': () => shownAs(image(), { type: 'cors', url: 'https://b.test/' }),
    })
    expect((await readImage(new URL('https://a.test/x'))).width).toBe(1)
    stubFetch({
      ...answers,
      'follow https://a.test/x': () => shownAs(image(), { type: 'basic', url: 'http://b.test/' }),
    })
    await expect(readImage(new URL('https://a.test/x'))).rejects.toThrow(
      'https://a.test/x: the server redirects from https to http://b.test/; give an https address, or that one itself if you trust it',
    )
  })

  test('the error on a page lists possible causes, because browsers do not report them', async () => {
    stubFetch({})
    vi.stubGlobal('location', new URL('https://page.test/'))
    await expect(readImage(new URL('https://a.test/x'))).rejects.toThrow(
      'https://a.test/x: cannot be fetched (Failed to fetch); check the address and the network, and that the server allows pages of this origin (CORS)',
    )
  })

  test('a content-length is the size of the file unless the answer may be compressed', async () => {
    const headers = { 'content-length': '59' }
    stubFetch({ 'manual https://a.test/x': () => new Response(onePixel, { headers }) })
    await expect(readImage(new URL('https://a.test/x'))).rejects.toThrow(
      'https://a.test/x: the connection ended after 58 of 59 bytes; try again later',
    )
    stubFetch({
      'manual https://a.test/x': () =>
        shownAs(new Response(onePixel, { headers }), { type: 'cors', url: 'https://a.test/x' }),
    })
    expect((await readImage(new URL('https://a.test/x'))).width).toBe(1)
  })
})
