/** Loads what the command asks for; apart from bin.cts, which has to be parsed by a Node.js that does not know `import()`. */
if (process.argv.includes('--healthcheck')) {
  // Runs every few seconds, so it loads nothing of the server.
  import('./cli/healthcheck.ts');
} else {
  import('./main.ts');
}
