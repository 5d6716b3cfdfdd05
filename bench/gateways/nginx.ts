// nginx with proxy_pass: the limit of one hop on this machine, with no logic at all.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Gateway, NotHere, type Place } from './gateway.ts';

/** One worker, kept connections both ways, no log, bodies in memory, and each chunk passed on as it comes. */
function configuration({ folder, port, upstreamPort }: Place): string {
  return `worker_processes 1;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
  tcp_nodelay on;
  keepalive_requests 100000000;
  client_body_buffer_size 1m;
  client_max_body_size 64m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  upstream models { server 127.0.0.1:${upstreamPort}; keepalive 1024; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
  }
}
`;
}

export const nginx: Gateway = {
  name: 'nginx',
  setting: 'proxy_pass, one worker, kept connections, no access log, proxy_buffering off',

  install() {
    const asked = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
    const version = /nginx\/(\S+)/.exec(asked.stderr ?? '')?.[1];
    if (version === undefined) throw new NotHere('the Debian package nginx is not installed');
    return version;
  },

  configure(place) {
    const file = join(place.folder, 'nginx.conf');
    writeFileSync(file, configuration(place));
    return {
      program: {
        command: 'nginx',
        words: ['-p', place.folder, '-e', join(place.folder, 'error.log'), '-c', file],
        environment: {},
        folder: place.folder,
        log: join(place.folder, 'out.log'),
      },
      chat: { path: '/v1/chat/completions', model: 'gpt-4.1', headers: {} },
      embeddings: { path: '/v1/embeddings', model: 'text-embedding-3-small', headers: {} },
    };
  },
};
