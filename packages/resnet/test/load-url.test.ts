import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { type LoadOptions, loadModel, ModelError } from '@residual/resnet'
import { describe, expect, test } from 'vitest'
import { serve, stalling, status } from '../../vision/test/pull/archive-server.ts'
import { type Answers, config, endless, MODEL, page, sending, serveFiles, weights } from './model-server.ts'

describe('a model at a URL', () => {
  const loaded: Record<string, Answers> = {
    'with all files': MODEL,
    'compressed with gzip': { ...MODEL, 'config.json': sending(gzipSync(config), { 'content-encoding': 'gzip' }) },
    'in pieces without a length': {
      ...MODEL,
      'model.safetensors': (_, response) => {
        response.write(weights.subarray(0, 3))
        setTimeout(() => response.end(weights.subarray(3)), 20)
      },
    },
    'byte by byte': {
      ...MODEL,
      'config.json': (_, response) => {
        for (const byte of config) response.write(Uint8Array.of(byte))
        response.end()
      },
    },
    'with a redirect on the same server': {
      ...MODEL,
      'model.safetensors': status(302, { location: '/data/there' }),
      there: sending(weights),
    },
    'with another name for the weights': {
      'config.json': MODEL['config.json'],
      'preprocessor_config.json': MODEL['preprocessor_config.json'],
      'pytorch_model.bin': sending(weights),
    },
  }
  test.each(Object.entries(loaded))('%s', async (_, answers) => {
    const { url } = await serveFiles(answers)
    const model = await loadModel(`${url}/`)
    expect(model).toMatchObject({ name: 'data', labels: ['a', 'b', 'c'], preprocessing: { mean: [0.5, 0.5, 0.5] } })
  })

  test.each([404, 410])('without the optional files, which are answered with %d', async code => {
    const { url } = await serveFiles({ 'model.safetensors': sending(weights), '*': status(code) })
    expect(await loadModel(url)).toMatchObject({ labels: ['class 0', 'class 1', 'class 2'] })
  })

  test('with redirects to another server', async () => {
    const there = await serveFiles(MODEL)
    const { url } = await serve((request, response) =>
      status(307, { location: new URL(request.url!, there.url).href })(request, response),
    )
    expect((await loadModel(url)).labels).toEqual(['a', 'b', 'c'])
  })

  test('with a query, which is sent for each file', async () => {
    const { requests, url } = await serveFiles(MODEL)
    await loadModel(`${url}?key=1`)
    await loadModel(`${url}/model.safetensors?key=2`)
    expect(requests.map(({ path }) => path)).toEqual([
      '/data/config.json?key=1',
      '/data/preprocessor_config.json?key=1',
      '/data/model.safetensors?key=1',
      '/data/model.safetensors?key=2',
    ])
  })

  test('that contains the bytes', async () => {
    const blob = URL.createObjectURL(new Blob([weights]))
    const data = `data:application/octet-stream;base64,${weights.toString('base64')}`
    for (const url of [blob, data]) {
      expect(await loadModel(url)).toMatchObject({ name: 'resnet20', labels: ['class 0', 'class 1', 'class 2'] })
    }
    URL.revokeObjectURL(blob)
  })
})

/** Faults of servers and the errors for them. URL is replaced by the address of the directory. */
const refused: Record<string, [answers: Answers, name: string, message: string]> = {
  'has no such model': [{}, 'ModelError', 'URL holds no model.safetensors and no pytorch_model.bin'],
  'fails at the config': [
    { ...MODEL, 'config.json': status(500) },
    'ModelError',
    'URL/config.json: the server answered 500; try again later',
  ],
  'has no config for now': [
    { ...MODEL, 'config.json': status(503) },
    'ModelError',
    'URL/config.json: the server answered 503; try again later',
  ],
  'has no preprocessing for now': [
    { ...MODEL, 'preprocessor_config.json': status(503) },
    'ModelError',
    'URL/preprocessor_config.json: the server answered 503; try again later',
  ],
  'is asked too often': [
    { ...MODEL, 'preprocessor_config.json': status(429) },
    'ModelError',
    'URL/preprocessor_config.json: the server answered 429; too many requests, so try again later',
  ],
  'fails at the weights': [
    { ...MODEL, 'model.safetensors': status(500) },
    'ModelError',
    'URL/model.safetensors: the server answered 500; try again later',
  ],
  'forbids everything': [
    { '*': status(403) },
    'ModelError',
    'URL/config.json: the server answered 403; it is private or needs a login, so download it yourself and give the file',
  ],
  'wants a login': [
    { ...MODEL, 'model.safetensors': status(401) },
    'ModelError',
    'URL/model.safetensors: the server answered 401; it is private or needs a login, so download it yourself and give the file',
  ],
  'answers with a rare status': [
    { ...MODEL, 'config.json': status(418) },
    'ModelError',
    'URL/config.json: the server answered 418; check the address',
  ],
  'answers that there is no content': [
    { ...MODEL, 'config.json': status(204) },
    'ModelError',
    'URL/config.json: the server answered 204; check the address',
  ],
  'sends a part that nobody asked for': [
    { ...MODEL, 'model.safetensors': (_, response) => response.writeHead(206).end(weights.subarray(0, 1000)) },
    'ModelError',
    'URL/model.safetensors: the server answered 206; check the address',
  ],
  'sends a page for the config': [
    { ...MODEL, 'config.json': sending(page) },
    'FormatError',
    'config.json is a web page, not JSON; the download may need another address',
  ],
  'sends a page for the preprocessing': [
    { ...MODEL, 'preprocessor_config.json': sending(`\n  ${page}`) },
    'FormatError',
    'preprocessor_config.json is a web page, not JSON; the download may need another address',
  ],
  'sends a page for the weights': [
    { ...MODEL, 'model.safetensors': sending(page) },
    'FormatError',
    'this is a web page, not weights; the download may need another address',
  ],
  'sends a git-lfs pointer': [
    { ...MODEL, 'model.safetensors': sending('version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 1\n') },
    'FormatError',
    'this is a git-lfs pointer, not the weights; run git lfs pull',
  ],
  'sends nothing': [{ ...MODEL, 'model.safetensors': sending('') }, 'FormatError', 'the file is empty'],
  'redirects to a file': [
    { ...MODEL, 'config.json': status(302, { location: 'file:///etc/passwd' }) },
    'ModelError',
    'URL/config.json: the server redirects to a file: URL; give an http or https address',
  ],
  'redirects to data': [
    { ...MODEL, 'config.json': status(301, { location: 'data:,{}' }) },
    'ModelError',
    'URL/config.json: the server redirects to a data: URL; give an http or https address',
  ],
  'redirects to nowhere': [
    { ...MODEL, 'config.json': status(302, { location: 'http://' }) },
    'ModelError',
    'URL/config.json: the server redirects to something that is not a URL; check the address',
  ],
  'redirects without an address': [
    { ...MODEL, 'config.json': status(302) },
    'ModelError',
    'URL/config.json: the server answered 302; check the address',
  ],
  'redirects in circles': [
    { ...MODEL, 'config.json': status(308, { location: 'config.json' }) },
    'ModelError',
    'URL/config.json: the server redirects in circles; check the address',
  ],
  'breaks off': [
    {
      ...MODEL,
      'model.safetensors': (_, response) => {
        response.writeHead(200, { 'content-length': weights.length })
        response.write(weights.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20))
      },
    },
    'ModelError',
    'URL/model.safetensors: the connection broke (UND_ERR_SOCKET); try again later',
  ],
  'hangs up': [
    { ...MODEL, 'config.json': (_, response) => response.destroy() },
    'ModelError',
    'URL/config.json: the connection broke (UND_ERR_SOCKET); try again later',
  ],
  'states an absurd length': [
    { ...MODEL, 'model.safetensors': (_, response) => response.writeHead(200, { 'content-length': 1e15 }).write('PK') },
    'ModelError',
    'URL/model.safetensors: the server has 1000000000000000 bytes, more than the 4294967296 bytes that a file of weights may have; check the address',
  ],
  'stalls before it answers': [
    { ...MODEL, 'model.safetensors': () => {} },
    'ModelError',
    'URL/model.safetensors: nothing came for 0.3 s; try again later',
  ],
  'stalls in the middle': [
    { ...MODEL, 'model.safetensors': stalling(weights, 1000) },
    'ModelError',
    'URL/model.safetensors: nothing came for 0.3 s; try again later',
  ],
  'stalls after a redirect': [
    { ...MODEL, 'config.json': status(302, { location: 'there' }), there: () => {} },
    'ModelError',
    'URL/config.json: nothing came for 0.3 s; try again later',
  ],
  'never ends a config': [
    { ...MODEL, 'config.json': endless(' ') },
    'ModelError',
    'URL/config.json: the server sends more than the 16777216 bytes that a config may have; check the address',
  ],
  'sends endless bytes that are not weights': [
    { ...MODEL, 'model.safetensors': endless('\0') },
    'FormatError',
    'this is neither a safetensors file nor a PyTorch checkpoint',
  ],
  'compresses much into little': [
    {
      ...MODEL,
      'preprocessor_config.json': sending(gzipSync(Buffer.alloc(1 << 26, ' ')), { 'content-encoding': 'gzip' }),
    },
    'ModelError',
    'URL/preprocessor_config.json: the server sends more than the 16777216 bytes that a config may have; check the address',
  ],
  'damages what it compresses': [
    { ...MODEL, 'config.json': sending('{}', { 'content-encoding': 'gzip' }) },
    'ModelError',
    'URL/config.json: what the server sends cannot be unpacked (Z_DATA_ERROR); try again later',
  ],
}

describe('no model comes from a server that', () => {
  test.each(Object.entries(refused))('%s', async (what, [answers, name, message]) => {
    const { url } = await serveFiles(answers)
    const stallSeconds = what.startsWith('stalls') ? 0.3 : 20
    await expect(loadModel(url, { stallSeconds })).rejects.toThrow(
      expect.objectContaining({ name, message: message.replace('URL', url) }),
    )
  })

  test('has no such weights', async () => {
    const { url } = await serveFiles({})
    const at = `${url}/resnet18.pth`
    const what = 'give a file, a model directory or an embedded model (cifar10-resnet20)'
    await expect(loadModel(at)).rejects.toThrow(new ModelError(`there is no model at ${JSON.stringify(at)}: ${what}`))
  })

  test.each([
    ['http://[', {}, 'http://[/config.json: is not a URL'],
    [
      'http://me:secret@127.0.0.1/model',
      {},
      'http://127.0.0.1/model/config.json: a user and password in a URL are not sent; download the file yourself and give it',
    ],
    ['http://127.0.0.1', { stallSeconds: 0 }, 'loadModel: got stallSeconds 0, wanted a number above 0'],
    ['http://127.0.0.1', { stallSeconds: Number.NaN }, 'loadModel: got stallSeconds NaN, wanted a number above 0'],
  ] as [string, LoadOptions, string][])('cannot be asked: %s %j', async (source, options, message) => {
    await expect(loadModel(source, options)).rejects.toThrow(new ModelError(message))
  })
})

describe('a signal', () => {
  test('ends a download with its reason, and closes the connection', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    let closed: Promise<unknown> | undefined
    const { url } = await serveFiles({
      ...MODEL,
      'model.safetensors': (request, response) => {
        closed = once(response, 'close')
        stalling(weights, 1000)(request, response)
        setTimeout(() => controller.abort(reason), 50)
      },
    })
    await expect(loadModel(url, { signal: controller.signal })).rejects.toBe(reason)
    await closed
  })

  test('ends the wait for an answer', async () => {
    const controller = new AbortController()
    const { url } = await serve(() => controller.abort('no more'))
    await expect(loadModel(url, { signal: controller.signal })).rejects.toBe('no more')
  })

  test('that is already aborted prevents any request', async () => {
    const { requests, url } = await serveFiles(MODEL)
    const signal = AbortSignal.abort(new Error('before'))
    for (const source of [url, 'cifar10-resnet20', new Uint8Array(weights)]) {
      await expect(loadModel(source, { signal })).rejects.toThrow('before')
    }
    expect(requests).toEqual([])
  })

  test('has no effect after the model has been loaded', async () => {
    const controller = new AbortController()
    const { url } = await serveFiles(MODEL)
    const model = await loadModel(url, { signal: controller.signal })
    controller.abort()
    expect(await model.logits(new Float32Array(32 * 32 * 3), 1)).toHaveLength(3)
  })
})
