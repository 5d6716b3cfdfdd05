// The catalogue of the house's rules.
import { floorsHold, memberNames, membersApart, noLoops, nothingForgotten } from './arrows.ts';
import { guardedMembers, noWebClient, packagesHaveDoors, sqlInStore } from './doors.ts';
import { fileNames, namedExports, wholeWords } from './names.ts';
import type { Rule } from './rule.ts';
import {
  catchesSpeak,
  exportsExplained,
  gettersInClasses,
  nothingForeign,
  nothingUnfinished,
  opensWithComment,
  size,
  testsRun,
  typesHold,
} from './writing.ts';

export const rules: readonly Rule[] = [
  floorsHold,
  noLoops,
  membersApart,
  memberNames,
  nothingForgotten,
  packagesHaveDoors,
  guardedMembers,
  noWebClient,
  sqlInStore,
  fileNames,
  wholeWords,
  namedExports,
  opensWithComment,
  exportsExplained,
  gettersInClasses,
  catchesSpeak,
  typesHold,
  nothingUnfinished,
  testsRun,
  nothingForeign,
  size,
];
