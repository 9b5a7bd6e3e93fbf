/** Loads the server; apart from bin.cts, which has to be parsed by a Node.js that does not know `import()`. */
import('./main.ts');
