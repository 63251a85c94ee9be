export { turn } from '#turn'
