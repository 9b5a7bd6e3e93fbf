/** Loads what the command asks for; apart from bin.cts, which has to be parsed by a Node.js that does not know `import()`. */
const args = process.argv.slice(2);
const [command = ''] = args;
if (args.includes('--healthcheck')) {
  // Runs every few seconds, so it loads nothing of the server.
  import('./cli/healthcheck.ts');
} else if (command === '' || command === 'serve' || command.startsWith('-')) {
  import('./main.ts');
} else {
  import('./cli/run.ts').then(async ({ runCommand }) => {
    process.exitCode = await runCommand(args, process.env);
  });
}
