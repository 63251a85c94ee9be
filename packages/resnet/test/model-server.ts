import { fromFloat32, graphOf, input, writeSafetensors } from '@residual/core'
import { type Answer, serve, status } from '../../vision/test/pull/archive-server.ts'
import { architecture } from '../src/architectures.ts'
import { resnet } from '../src/network.ts'

const { parameters } = graphOf([resnet(architecture('resnet20'), input('x', [1, 32, 32, 3]), { classes: 3 }).logits])
export const weights = Buffer.from(
  writeSafetensors(
    new Map(
      parameters.map(({ attributes, shape }) => {
        const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01)
        return [attributes.name, fromFloat32(values, shape, 'F16')]
      }),
    ),
  ),
)
export const config = Buffer.from(JSON.stringify({ architecture: 'resnet20', id2label: { 0: 'a', 1: 'b', 2: 'c' } }))
const preprocessor = Buffer.from(JSON.stringify({ image_mean: [0.5, 0.5, 0.5] }))

export const sending =
  (body: string | Buffer, headers: Record<string, string | number> = {}): Answer =>
  (_, response) =>
    response.writeHead(200, headers).end(body)

export type Answers = Readonly<Record<string, Answer>>

/** The correct answers of a server. Tests replace some of them. */
export const MODEL: Answers = {
  'config.json': sending(config),
  'preprocessor_config.json': sending(preprocessor),
  'model.safetensors': sending(weights),
}

/** Starts a server that has only these files. */
export async function serveFiles(answers: Answers) {
  return serve((request, response) => {
    const file = request.url!.replace(/^\/data\/|\?.*$/g, '')
    const answer = answers[file] ?? answers['*'] ?? status(404)
    answer(request, response)
  })
}

export const page = '<!doctype html><title>Log in</title>'
/** Sends the same piece again and again. */
export const endless =
  (piece: string): Answer =>
  (_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(piece.repeat(1 << 16))) {}
    }
    response.on('drain', more)
    more()
  }
