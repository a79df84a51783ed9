import { attemptKeys, failureFilter, failureKeys, namespaces } from '../extproc/names.ts';
import { limitHeaders } from '../plugins/upstream-limits.ts';
import { retryAfterHeaders } from '../plugins/wire/retry-after.ts';
import { extension, type Message, typed } from './proto.ts';

/** Longer values are none of the headers that are looked for. */
const maxValueLength = 128;

const lua = `
local names = { ${[...retryAfterHeaders, ...limitHeaders].map((name) => `"${name}"`).join(', ')} }
function envoy_on_response(handle)
  local said = handle:headers()
  local headers = {}
  for _, name in ipairs(names) do
    local value = said:get(name)
    if value ~= nil and #value <= ${maxValueLength} and value:find("^[ -~]*$") then headers[name] = value end
  end
  local metadata = handle:streamInfo():dynamicMetadata()
  local attempt = metadata:get("${namespaces.attempt}")
  metadata:set("${namespaces.failure}", "${failureKeys.last}", {
    attempt = attempt and attempt["${attemptKeys.number}"] or 1,
    status = said:get(":status"),
    headers = headers,
  })
end
`;

const skip = extension('skip', 'envoy.extensions.filters.common.matcher.action.v3.SkipFilter');

export const failureHttpFilter: Message = {
  name: failureFilter,
  typed_config: typed('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
    extension_config: extension('envoy.filters.http.lua', 'envoy.extensions.filters.http.lua.v3.Lua', {
      default_source_code: { inline_string: lua },
    }),
    xds_matcher: {
      matcher_tree: {
        input: extension('status', 'envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput'),
        prefix_match_map: { map: { '2': { action: skip } } },
      },
    },
  }),
};
