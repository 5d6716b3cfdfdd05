// A deployment as its file entry gives it, before it has an id and its credential a name.
import type { DeploymentParameters, ModelInfo } from '../core/records.ts';
import type { Located } from './notices.ts';

/** A secret as the file gives it. */
export interface GivenSecret {
  readonly text: string;
  /** The variable it was read from, when it was written os.environ/NAME. */
  readonly reference: string | undefined;
}

/** Which model of which provider, and where. */
export interface ModelPlace {
  readonly provider: string;
  readonly model: string;
  /** True for model `*`: whatever model, at the provider its name begins with. */
  readonly isEveryModel: boolean;
  readonly baseUrl: string | null;
  /** The base address as the file gives it, for the id. */
  readonly declaredBase: string | null;
}

export interface Draft extends ModelPlace {
  readonly at: Located;
  readonly alias: string;
  /** model_info.id */
  readonly id: string | undefined;
  /** A name of credential_list. */
  readonly named: string | undefined;
  /** Secrets of its own, by field. */
  readonly secrets: Readonly<Record<string, GivenSecret>>;
  readonly parameters: DeploymentParameters;
  readonly info: ModelInfo;
}
