/** `1234567` as `1,234,567`. */
export const count = (value: number): string => value.toLocaleString('en')

/** `4089184256` as `4.09 G`: three significant digits. */
export function short(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T']
  const power = value < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  return power === 0 ? String(value) : `${(value / 1000 ** power).toPrecision(3)}${units[power]}`
}

/** `4.123` as `4.12 ms`, `61.23` as `61.2 ms`. */
export const milliseconds = (value: number): string =>
  `${value < 0.01 ? value.toFixed(3) : value < 1000 ? value.toPrecision(3) : count(Math.round(value))} ms`
