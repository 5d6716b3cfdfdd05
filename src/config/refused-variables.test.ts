import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from './load.ts';

const complaintsOf = (environment: Record<string, string>): string[] => {
  const loaded = loadConfig({ environment: { HOME: '/home/someone', ...environment } });
  return 'complaints' in loaded ? loaded.complaints.map(({ source, mend }) => `${source}: ${mend}`) : [];
};

test('what would switch off the checking of certificates is refused by name', () => {
  assert.match(complaintsOf({ SSL_VERIFY: 'False' }).join(), /^SSL_VERIFY: unset it; .* SSL_CERT_FILE$/);
  assert.match(complaintsOf({ SSL_VERIFY: '/etc/ours.pem' }).join(), /^SSL_VERIFY: name that file by SSL_CERT_FILE/);
  assert.match(complaintsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }).join(), /^NODE_TLS_REJECT_UNAUTHORIZED: unset it/);
});

test('what asks for the checking that is done anyway is not', () => {
  for (const environment of [{ SSL_VERIFY: 'True' }, { SSL_VERIFY: '' }, { NODE_TLS_REJECT_UNAUTHORIZED: '1' }])
    assert.deepEqual(complaintsOf(environment as Record<string, string>), []);
});

test('a proxy for everything stands below those for one scheme; a list of hosts is wanted where only listed ones are called', () => {
  const loaded = loadConfig({
    environment: { HOME: '/home/someone', ALL_PROXY: 'http://all:1', https_proxy: 'http://secure:1' },
  });
  assert.ok('config' in loaded);
  assert.equal(loaded.config.sources.httpsProxy.name, 'https_proxy');
  assert.equal(loaded.config.sources.httpProxy.name, 'ALL_PROXY');
  assert.match(
    complaintsOf({ PLUMBLINE_API_ADDRESSES: 'listed' }).join(),
    /^PLUMBLINE_API_ADDRESSES: set PLUMBLINE_API_HOSTS/,
  );
  assert.deepEqual(complaintsOf({ PLUMBLINE_API_ADDRESSES: 'listed', PLUMBLINE_API_HOSTS: 'models.lan' }), []);
});
