import { parseArgs } from 'node:util';
import { verifyLog, type RememberedHead } from './audit/index.ts';
import { bootstrap, openPlane, openWells, ROLES, type ServerRole } from './compose.ts';
import { readConfig, StartRefused } from './config.ts';
import { isId, type OrganizationId } from './kernel/index.ts';
import { openLog, type Wells } from './platform/index.ts';

const USAGE = `Usage: node src/main.ts <command>
  start [--role all|server|sidecar]                            serve until SIGTERM
  bootstrap --organization <name> --admin <email>              make an organization; prints its service account once
  migrate                                                      bring the database to the newest schema
  audit verify [--organization <id>] [--expect <n>:<hash>]     walk the log and recompute every hash`;

const GRACE_MS = 10_000;

type Options = Readonly<Record<string, string | undefined>>;

const COMMANDS: Readonly<Record<string, { readonly options: readonly string[]; run(options: Options): Promise<number> }>> = {
  start: { options: ['role'], run: start },
  bootstrap: {
    options: ['organization', 'admin'],
    run: ({ organization, admin }) => {
      if (!organization || !admin) throw new StartRefused('bootstrap needs --organization <name> and --admin <email>.');
      return withWells((wells) => bootstrap(wells, { organization, admin }).then(() => 0));
    },
  },
  // Opening the wells migrates.
  migrate: { options: [], run: () => withWells(async () => 0) },
  'audit verify': { options: ['organization', 'expect'], run: (options) => withWells((wells) => verify(wells, options)) },
};

async function main(argv: readonly string[]): Promise<number> {
  const words = argv.filter((word, index) => !word.startsWith('--') && !argv[index - 1]?.startsWith('--'));
  const asked = words.join(' ');
  const command = Object.hasOwn(COMMANDS, asked) ? COMMANDS[asked] : undefined;
  if (!command) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const options = Object.fromEntries(command.options.map((name) => [name, { type: 'string' as const }]));
  return command.run(parseOptions(argv, options));
}

function parseOptions(argv: readonly string[], options: Record<string, { type: 'string' }>): Options {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true }).values as Options;
  } catch (error) {
    throw new StartRefused(`${(error as Error).message}\n${USAGE}`);
  }
}

async function start({ role = 'all' }: Options): Promise<number> {
  if (!ROLES.includes(role as ServerRole)) throw new StartRefused(`--role is one of ${ROLES.join(', ')}.`);
  const config = readConfig(process.env);
  const log = openLog(config.logLevel);
  const plane = await openPlane(config, role as ServerRole, { log, environment: process.env });
  for (const { name, url } of plane.servers) log.info({ url }, `${name} is ready`);
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name));
  });
  log.info({ signal }, 'stopping: finishing what is in flight');
  await plane.stop(GRACE_MS);
  return 0;
}

async function withWells(work: (wells: Wells) => Promise<number>): Promise<number> {
  const config = readConfig(process.env);
  // Commands answer on standard output; their log goes beside it.
  await using wells = await openWells(config, { log: openLog(config.logLevel, process.stderr), environment: process.env });
  // Awaited here: the wells close when this returns.
  return await work(wells);
}

/** One JSON line an organization; exit code 1 where one does not hold. */
async function verify(wells: Wells, { organization, expect }: Options): Promise<number> {
  if (organization !== undefined && !isId('organization', organization)) throw new StartRefused('--organization takes an id that starts with org_.');
  const remembered = expect === undefined ? undefined : parseHead(expect);
  if (remembered && !organization) throw new StartRefused('--expect belongs to one log: name it with --organization.');
  const organizations: OrganizationId[] = organization ? [organization] : await wells.db.asOwner(async (tx) => (await tx.selectFrom('organization').select('id').orderBy('id').execute()).map(({ id }) => id));
  if (organizations.length === 0) throw new StartRefused('There is no log to verify: the database holds no organization. Look at DATABASE_URL and DATA_DIR.');
  let intact = true;
  for (const id of organizations) {
    const verification = await verifyLog(wells.db, id, remembered);
    intact &&= verification.intact;
    process.stdout.write(`${JSON.stringify(verification)}\n`);
  }
  return intact ? 0 : 1;
}

function parseHead(text: string): RememberedHead {
  const [, sequence, hash] = /^([1-9]\d*):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!sequence || !hash) throw new StartRefused('--expect takes <sequence>:<hash> as an earlier verification printed them.');
  return { sequence: Number(sequence), hash };
}

/** Runs the command line and answers the exit code; a refusal is one sentence on standard error. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  try {
    return await main(argv);
  } catch (error) {
    const sentence = error instanceof StartRefused ? error.message : `Kontext cannot go on: ${error instanceof Error ? error.message : String(error)}`;
    process.stderr.write(`${sentence}\n`);
    return 1;
  }
}
