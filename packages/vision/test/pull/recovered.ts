import { type Answer, archiveOf, file, stalling, status } from './archive-server.ts'

export const { content, archive } = archiveOf(1 << 20)
export const half = content.length / 2
/** Another content of the same length. */
export const other = archiveOf(1 << 20, 2).content

/** Servers that do something wrong, the reported reasons of new tries, and the range of each request. */
export const recovered: Record<string, [answers: Answer[], retries: string[], ranges: (string | undefined)[]]> = {
  'breaks off': [
    [file(content, { until: half }), file(content)],
    ['the connection broke (UND_ERR_SOCKET)'],
    [undefined, `bytes=${half}-`],
  ],
  'ends early without a content-length': [
    [chunked((_, response) => response.end(content.subarray(0, half))), file(content)],
    [`the connection ended after ${half} of ${content.length} bytes`],
    [undefined, `bytes=${half}-`],
  ],
  'stalls in the middle': [
    [stalling(content, half), file(content)],
    ['nothing came for 0.5 s'],
    [undefined, `bytes=${half}-`],
  ],
  'stalls before it answers': [[() => {}, file(content)], ['nothing came for 0.5 s'], [undefined, undefined]],
  'is overloaded': [
    [status(503), status(500), file(content)],
    ['the server answered 503', 'the server answered 500'],
    [undefined, undefined, undefined],
  ],
  'ignores ranges': [
    [file(content, { until: half }), (_, response) => response.end(content)],
    ['the connection broke (UND_ERR_SOCKET)'],
    [undefined, `bytes=${half}-`],
  ],
  'changes the file and its ETag': [
    [file(other, { until: half, etag: '"0"' }), file(content)],
    ['the connection broke (UND_ERR_SOCKET)'],
    [undefined, `bytes=${half}-`],
  ],
  'changes the file, and ignores if-range': [
    [
      file(other, { until: half, etag: '"0"' }),
      (request, response) => {
        delete request.headers['if-range']
        file(content)(request, response)
      },
    ],
    [
      'the connection broke (UND_ERR_SOCKET)',
      'the file has changed on the server and is downloaded again from the start',
    ],
    [undefined, `bytes=${half}-`, undefined],
  ],
  'changes the file, but not its ETag': [
    [file(other, { until: half, etag: '"0"' }), file(content, { etag: '"0"' })],
    ['the connection broke (UND_ERR_SOCKET)', 'the file is damaged and is downloaded again from the start'],
    [undefined, `bytes=${half}-`, undefined],
  ],
  'no longer has the range': [
    [file(content, { until: half }), status(416), file(content)],
    [
      'the connection broke (UND_ERR_SOCKET)',
      'the file has changed on the server and is downloaded again from the start',
    ],
    [undefined, `bytes=${half}-`, undefined],
  ],
  'sends another range than requested': [
    [
      file(content, { until: half }),
      (_, response) =>
        response
          .writeHead(206, { 'content-range': `bytes 0-${content.length - 1}/${content.length}`, etag: '"1"' })
          .end(content),
      file(content),
    ],
    [
      'the connection broke (UND_ERR_SOCKET)',
      'the file has changed on the server and is downloaded again from the start',
    ],
    [undefined, `bytes=${half}-`, undefined],
  ],
  'damages the file once': [
    [file(other), file(content)],
    ['the file is damaged and is downloaded again from the start'],
    [undefined, undefined],
  ],
  redirects: [[status(302, { location: '/elsewhere' }), file(content)], [], [undefined, undefined]],
}

/** Removes the content-length from an answer. */
export function chunked(answer: Answer): Answer {
  return (request, response) => {
    response.flushHeaders()
    answer(request, response)
  }
}
