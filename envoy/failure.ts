import { attemptKeys, failureFilter, failureKeys, namespaces } from '../extproc/names.ts';
import { limitHeaders } from '../plugins/upstream-limits.ts';
import { retryAfterHeaders } from '../plugins/wire/retry-after.ts';
import { extension, type Message, typed } from './proto.ts';

/** A longer value is no time and no amount. */
const longestValue = 128;

/**
 * Keeps what may say how long an upstream wants to be left alone: printable ASCII under names of ours, so what a provider
 * sends changes no other key. The number of the attempt is the service's word; only the first attempt has none.
 */
const noteFailure = `local names = {${[...retryAfterHeaders, ...limitHeaders].map((name) => `"${name}"`).join(', ')}}
function envoy_on_response(handle)
  local answer = handle:headers()
  local headers = {}
  for _, name in ipairs(names) do
    local value = answer:get(name)
    if value and #value <= ${longestValue} and value:find("^[ -~]*$") then headers[name] = value end
  end
  local metadata = handle:streamInfo():dynamicMetadata()
  local attempt = metadata:get("${namespaces.attempt}")
  metadata:set("${namespaces.failure}", "${failureKeys.last}", {
    attempt = attempt and attempt["${attemptKeys.number}"] or 1,
    status = answer:get(":status"),
    headers = headers,
  })
end
`;

const lua: Message = extension('envoy.filters.http.lua', 'envoy.extensions.filters.http.lua.v3.Lua', {
  default_source_code: { inline_string: noteFailure },
});

const skip: Message = {
  action: extension('skip', 'envoy.extensions.filters.common.matcher.action.v3.SkipFilter'),
};

/**
 * Notes the head of an answer for which Envoy may go on to the next upstream: the service sees no answer inside an
 * attempt, and the head is gone with it. Lua is the only filter of Envoy 1.40 that can stand in a cluster and write what it
 * reads into dynamic metadata (header_to_metadata and set_metadata are refused there). It does not run for good answers:
 * those cost the match of a status.
 */
export const failureHttpFilter: Message = {
  name: failureFilter,
  typed_config: typed('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
    extension_config: lua,
    xds_matcher: {
      matcher_tree: {
        input: extension('status', 'envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput'),
        prefix_match_map: { map: { '2': skip } },
      },
    },
  }),
};
