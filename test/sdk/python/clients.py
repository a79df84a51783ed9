"""Official Python SDKs, each doing the same few things. Nothing of theirs is changed or patched.

Every function takes a gateway ({"url", "key", "retries"}), a model and whether to stream, and returns JSON.
"""

import base64
import json

import anthropic
import openai
from google import genai
from google.genai import types
from pydantic import BaseModel


class Forecast(BaseModel):
    city: str
    days: int


SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
NAME, DESCRIPTION = "get_weather", "Weather of a city"
THINKING = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
PICTURE_QUESTION = "What is this?"


def without_parsed(value):
    """Members that the stream helpers of openai add: they are no input."""
    if isinstance(value, list):
        return [without_parsed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {k: without_parsed(v) for k, v in value.items() if k not in ("parsed", "parsed_arguments")}


class Chat:
    """openai, Chat Completions."""

    def __init__(self, gateway):
        self.api = openai.OpenAI(
            api_key=gateway["key"], base_url=gateway["url"] + "/v1", max_retries=gateway["retries"]
        ).chat.completions

    def ask(self, stream, **body):
        if not stream:
            return self.api.create(**body)
        with self.api.stream(stream_options={"include_usage": True}, **body) as events:
            return events.get_final_completion()

    def text(self, model, stream, text):
        answer = self.ask(stream, model=model, messages=[{"role": "user", "content": text}])
        return {
            "text": answer.choices[0].message.content,
            "finish": answer.choices[0].finish_reason,
            "tokens": answer.usage.completion_tokens,
        }

    def tools(self, model, stream, text, schema=SCHEMA, results=(), think=False):
        function = {"name": NAME, "description": DESCRIPTION, "parameters": schema}
        thinking = {"reasoning_effort": "low"} if think else {}
        messages, heard = [{"role": "user", "content": text}], []
        for turn in [*results, None]:
            tools = [{"type": "function", "function": function}]
            answer = self.ask(stream, model=model, messages=messages, tools=tools, **thinking)
            message = answer.choices[0].message
            calls = message.tool_calls or []
            heard.append([json.loads(call.function.arguments) for call in calls])
            messages.append(without_parsed(message.to_dict(exclude_unset=True)))
            for call, result in zip(calls, turn or []):
                messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return {"calls": heard, "text": message.content}

    def structured(self, model, stream, text):
        body = {"model": model, "messages": [{"role": "user", "content": text}], "response_format": Forecast}
        answer = self.ask(True, **body) if stream else self.api.parse(**body)
        return answer.choices[0].message.parsed.model_dump()

    def reasoning(self, model, stream, text):
        answer = self.ask(
            stream, model=model, messages=[{"role": "user", "content": text}], reasoning_effort="low"
        )
        message = answer.choices[0].message
        return {"reasoning": getattr(message, "reasoning_content", None), "text": message.content}

    def image(self, model, stream, png):
        content = [
            {"type": "text", "text": PICTURE_QUESTION},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + png}},
        ]
        answer = self.ask(stream, model=model, messages=[{"role": "user", "content": content}])
        return answer.choices[0].message.content


class Responses:
    """openai, Responses."""

    def __init__(self, gateway):
        self.api = openai.OpenAI(
            api_key=gateway["key"], base_url=gateway["url"] + "/v1", max_retries=gateway["retries"]
        ).responses

    def ask(self, stream, **body):
        if not stream:
            return self.api.create(**body)
        with self.api.stream(**body) as events:
            return events.get_final_response()

    def text(self, model, stream, text):
        answer = self.ask(stream, model=model, input=text)
        return {"text": answer.output_text, "finish": answer.status, "tokens": answer.usage.output_tokens}

    def tools(self, model, stream, text, schema=SCHEMA, results=(), think=False):
        tool = {"type": "function", "name": NAME, "description": DESCRIPTION, "parameters": schema, "strict": False}
        thinking = {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]} if think else {}
        items, heard = [{"role": "user", "content": text}], []
        for turn in [*results, None]:
            answer = self.ask(stream, model=model, input=items, tools=[tool], store=False, **thinking)
            calls = [item for item in answer.output if item.type == "function_call"]
            heard.append([json.loads(call.arguments) for call in calls])
            items += [without_parsed(item.to_dict(exclude_unset=True)) for item in answer.output]
            for call, result in zip(calls, turn or []):
                items.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
        return {"calls": heard, "text": answer.output_text}

    def structured(self, model, stream, text):
        body = {"model": model, "input": text, "text_format": Forecast}
        answer = self.ask(True, **body) if stream else self.api.parse(**body)
        return answer.output_parsed.model_dump()

    def reasoning(self, model, stream, text):
        answer = self.ask(stream, model=model, input=text, reasoning={"effort": "low", "summary": "auto"})
        thoughts = [item.summary[0].text for item in answer.output if item.type == "reasoning" and item.summary]
        return {"reasoning": "".join(thoughts), "text": answer.output_text}

    def image(self, model, stream, png):
        content = [
            {"type": "input_text", "text": PICTURE_QUESTION},
            {"type": "input_image", "image_url": "data:image/png;base64," + png, "detail": "auto"},
        ]
        return self.ask(stream, model=model, input=[{"role": "user", "content": content}]).output_text


class Messages:
    """anthropic."""

    def __init__(self, gateway):
        self.api = anthropic.Anthropic(
            api_key=gateway["key"], base_url=gateway["url"], max_retries=gateway["retries"]
        ).messages

    def ask(self, stream, **body):
        if not stream:
            return self.api.create(max_tokens=4000, **body)
        with self.api.stream(max_tokens=4000, **body) as events:
            return events.get_final_message()

    def text(self, model, stream, text):
        answer = self.ask(stream, model=model, messages=[{"role": "user", "content": text}])
        return {"text": said(answer), "finish": answer.stop_reason, "tokens": answer.usage.output_tokens}

    def tools(self, model, stream, text, schema=SCHEMA, results=(), think=False):
        tool = {"name": NAME, "description": DESCRIPTION, "input_schema": schema}
        thinking = {"thinking": {"type": "enabled", "budget_tokens": 2048}} if think else {}
        messages, heard = [{"role": "user", "content": text}], []
        for turn in [*results, None]:
            answer = self.ask(stream, model=model, messages=messages, tools=[tool], **thinking)
            calls = [block for block in answer.content if block.type == "tool_use"]
            heard.append([call.input for call in calls])
            messages.append({"role": "assistant", "content": answer.content})
            messages.append({
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": call.id, "content": result}
                    for call, result in zip(calls, turn or [])
                ],
            })
        return {"calls": heard, "text": said(answer)}

    def structured(self, model, stream, text):
        body = {"model": model, "messages": [{"role": "user", "content": text}], "output_format": Forecast}
        answer = self.ask(True, **body) if stream else self.api.parse(max_tokens=4000, **body)
        return answer.parsed_output.model_dump()

    def reasoning(self, model, stream, text):
        answer = self.ask(
            stream,
            model=model,
            messages=[{"role": "user", "content": text}],
            thinking={"type": "enabled", "budget_tokens": 2048},
        )
        thoughts = [block.thinking for block in answer.content if block.type == "thinking"]
        return {"reasoning": "".join(thoughts), "text": said(answer)}

    def image(self, model, stream, png):
        source = {"type": "base64", "media_type": "image/png", "data": png}
        content = [{"type": "text", "text": PICTURE_QUESTION}, {"type": "image", "source": source}]
        return said(self.ask(stream, model=model, messages=[{"role": "user", "content": content}]))


def said(message):
    return "".join(block.text for block in message.content if block.type == "text")


class Gemini:
    """google-genai."""

    def __init__(self, gateway):
        options = types.HttpOptions(base_url=gateway["url"])
        # Kept, for the SDK closes its connections with the client.
        self.client = genai.Client(api_key=gateway["key"], http_options=options)

    def ask(self, stream, **body):
        """Parts, the finish reason and the usage of one answer."""
        api = self.client.models
        chunks = list(api.generate_content_stream(**body)) if stream else [api.generate_content(**body)]
        parts = [part for chunk in chunks for part in parts_of(chunk)]
        return parts, chunks[-1]

    def text(self, model, stream, text):
        parts, last = self.ask(stream, model=model, contents=text)
        return {
            "text": spoken(parts),
            "finish": last.candidates[0].finish_reason.name,
            "tokens": last.usage_metadata.candidates_token_count,
        }

    def tools(self, model, stream, text, schema=SCHEMA, results=(), think=False):
        declaration = types.FunctionDeclaration(name=NAME, description=DESCRIPTION, parameters_json_schema=schema)
        config = types.GenerateContentConfig(
            tools=[types.Tool(function_declarations=[declaration])],
            thinking_config=THINKING if think else None,
        )
        contents, heard = [types.Content(role="user", parts=[types.Part(text=text)])], []
        for turn in [*results, None]:
            parts, _ = self.ask(stream, model=model, contents=contents, config=config)
            calls = [part.function_call for part in parts if part.function_call]
            heard.append([call.args for call in calls])
            contents.append(types.Content(role="model", parts=parts))
            contents.append(types.Content(role="user", parts=[
                types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"output": result}))
                for call, result in zip(calls, turn or [])
            ]))
        return {"calls": heard, "text": spoken(parts)}

    def structured(self, model, stream, text):
        config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Forecast)
        parts, last = self.ask(stream, model=model, contents=text, config=config)
        return json.loads(spoken(parts)) if stream else last.parsed.model_dump()

    def reasoning(self, model, stream, text):
        config = types.GenerateContentConfig(thinking_config=THINKING, max_output_tokens=8000)
        parts, _ = self.ask(stream, model=model, contents=text, config=config)
        return {"reasoning": "".join(part.text for part in parts if part.thought and part.text), "text": spoken(parts)}

    def image(self, model, stream, png):
        picture = types.Part.from_bytes(data=base64.b64decode(png), mime_type="image/png")
        parts, _ = self.ask(stream, model=model, contents=[PICTURE_QUESTION, picture])
        return spoken(parts)


def parts_of(chunk):
    content = chunk.candidates[0].content if chunk.candidates else None
    return (content.parts if content else None) or []


def spoken(parts):
    return "".join(part.text for part in parts if part.text and not part.thought)


CLIENTS = {"openai (chat)": Chat, "openai (responses)": Responses, "anthropic": Messages, "google-genai": Gemini}


def told_by(error):
    """What a program can see of a failed call: class, status, code, message."""
    status = getattr(error, "status_code", None)
    code = getattr(error, "error_code", None) or getattr(error, "code", None)
    if isinstance(error, genai.errors.APIError):
        status, details = error.code, (error.details or {}).get("error", {}).get("details", [])
        code = next((detail["reason"] for detail in details if "reason" in detail), None)
    return {"is": type(error).__name__, "status": status, "code": code, "message": str(error)}
