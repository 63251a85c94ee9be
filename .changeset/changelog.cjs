// A line for each changeset and none for dependencies: all packages have one version, so those always change with it.
module.exports = {
  getReleaseLine: async ({ summary }) => `- ${summary.trim().split('\n').join('\n  ').replace(/^ +$/gm, '')}`,
  getDependencyReleaseLine: async () => '',
}
