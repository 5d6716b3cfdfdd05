// Which Plumbline this is: the version of package.json and the id of the build. The bundler puts both in; run from source, the
// version is read through the import and the id says so.
import manifest from '../../package.json' with { type: 'json' };

declare const __PLUMBLINE_BUILD__: string | undefined;

export const build = {
  version: manifest.version,
  /** `<commit>-<hash of the sources>`, or `source` when nothing was built. */
  id: typeof __PLUMBLINE_BUILD__ === 'string' ? __PLUMBLINE_BUILD__ : 'source',
} as const;
