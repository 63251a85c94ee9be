import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openCifar, readPicture, VisionError } from '../src/index.ts'
import { records } from './archives.ts'

const bmp = Uint8Array.from('BM:\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0', char =>
  char.charCodeAt(0),
)
const onePixel = new Uint8Array(58)
onePixel.set(bmp)
onePixel.set([3, 2, 1], 54)

let server: Server
let base: string
beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/one%20pixel.bmp') response.end(onePixel)
    else if (request.url === '/test_batch.bin') response.end(records(2, 1))
    else if (request.url === '/broken.bmp')
      response.writeHead(200, { 'content-length': 99 }).end('BM', () => response.destroy())
    else response.writeHead(404).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

it('a picture may be fetched', async () => {
  const picture = await readPicture(new URL(`${base}/one pixel.bmp`))
  expect(picture).toEqual({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) })
})

it('a data set may be fetched', async () => {
  expect((await openCifar(new URL(`${base}/test_batch.bin`), { split: 'test' })).length).toBe(2)
})

it.each([
  ['/cat.png', ': the server answered 404'],
  ['/broken.bmp', ': cannot be fetched'],
])('what goes wrong with %s is reported', async (path, message) => {
  const error = await readPicture(new URL(base + path)).catch(error => error)
  expect(error).toBeInstanceOf(VisionError)
  expect(error.message).toBe(base + path + message)
})

it('a server that cannot be reached is reported', async () => {
  const error = await openCifar(new URL('http://127.0.0.1:1/cifar.tar.gz'), { split: 'test' }).catch(error => error)
  expect(error).toBeInstanceOf(VisionError)
  expect(error.message).toBe('http://127.0.0.1:1/cifar.tar.gz: cannot be fetched')
})
