import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Compiling is most of a start. The cache stands beside the code it is made of, so that only who may change that code may
// change it; where it cannot be written, a start is slower and nothing else.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/kontext', import.meta.url)));

const { runCommand } = await import('./commands.ts');
process.exitCode = await runCommand(process.argv.slice(2));
