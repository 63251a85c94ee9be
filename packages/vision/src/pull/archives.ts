/** A file on the web that is identified by its content. */
export interface Archive {
  /** Its name, both on the web and in the cache. */
  readonly file: string
  readonly url: string
  /** Its size in bytes. */
  readonly bytes: number
  /** SHA-256 of its content, in lower-case hexadecimal digits. */
  readonly sha256: string
}

/** The data sets that {@link pull} knows by name. */
export type PulledName = 'cifar10' | 'cifar100'

/**
 * The binary versions from their author's page, https://www.cs.toronto.edu/~kriz/cifar.html. It states their MD5 hashes
 * (c32a1d4ab5d03f1284b67883e8d87530 and 03b5dce01913d631647c71ecec9e9cb8). A mirror could forge these, so {@link pull}
 * compares the SHA-256 of the same files.
 */
export const archives: Readonly<Record<PulledName, Archive>> = {
  cifar10: {
    file: 'cifar-10-binary.tar.gz',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    bytes: 170_052_171,
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  },
  cifar100: {
    file: 'cifar-100-binary.tar.gz',
    url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
    bytes: 168_513_733,
    sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
  },
}
