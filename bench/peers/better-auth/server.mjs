// better-auth with its e-mail OTP, as a small production service would run it: node server.mjs
//
// From the environment: PORT, CODE_PORT (where codes are handed over, as datagrams of "ADDRESS CODE"), DATABASE (a
// file for SQLite or a postgresql:// address), USERS (how many to register before it listens), PROCESSES, COUNT=1
// (say on SIGUSR2 how many statements ran; SQLite only).
import cluster from 'node:cluster';
import dgram from 'node:dgram';
import http from 'node:http';
import process from 'node:process';

import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { emailOTP } from 'better-auth/plugins';
import Database from 'better-sqlite3';
import pg from 'pg';

const { PORT, CODE_PORT, DATABASE, USERS = '0', PROCESSES = '1', COUNT } = process.env;
const isPostgres = DATABASE.startsWith('postgres');
let statements = 0;

function open() {
  if (isPostgres) return new pg.Pool({ connectionString: DATABASE, max: 10 });
  const database = new Database(DATABASE, COUNT ? { verbose: () => { statements += 1; } } : {});
  // Without the second line WAL would mean NORMAL here: a sign-in that was answered could be forgotten.
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  return database;
}

const database = open();
const codes = dgram.createSocket('udp4');
codes.unref();

const options = {
  baseURL: `http://127.0.0.1:${PORT}`,
  secret: 'k7V2mQ9xR4tW8yB1nC5zD3fG6hJ0pL2s',
  database,
  rateLimit: { enabled: false },
  logger: { level: 'error' },
  telemetry: { enabled: false },
  plugins: [
    emailOTP({
      sendVerificationOTP: async ({ email, otp }) => {
        codes.send(`${email} ${otp}`, Number(CODE_PORT), '127.0.0.1');
      },
    }),
  ],
};

async function register(count) {
  const rows = Array.from({ length: count }, (_, number) => [`user${number}`, `User ${number}`, `u${number}@bench.example`]);
  const now = new Date();
  if (!isPostgres) {
    const insert = database.prepare(
      'INSERT OR IGNORE INTO "user" (id, name, email, emailVerified, createdAt, updatedAt) VALUES (?, ?, ?, 1, ?, ?)',
    );
    database.transaction(() => rows.forEach((row) => insert.run(...row, now.toISOString(), now.toISOString())))();
    return;
  }
  await database.query(
    `INSERT INTO "user" (id, name, email, "emailVerified", "createdAt", "updatedAt")
     SELECT 'user' || n, 'User ' || n, 'u' || n || '@bench.example', true, now(), now()
     FROM generate_series(0, $1::int - 1) n ON CONFLICT DO NOTHING`,
    [count],
  );
  await database.query('ANALYZE');
}

function serve() {
  const server = http.createServer(toNodeHandler(betterAuth(options)));
  server.keepAliveTimeout = 65_000;
  server.listen(Number(PORT), '127.0.0.1', 2048, () => console.log('ready'));
  process.on('SIGUSR2', () => console.log(`statements ${statements}`));
}

if (cluster.isPrimary) {
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  await register(Number(USERS));
}
if (cluster.isPrimary && Number(PROCESSES) > 1) {
  // Each process accepts by itself, as with several services on one port; no process passes connections on.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  for (let number = 0; number < Number(PROCESSES); number += 1) cluster.fork();
} else {
  serve();
}
