"""A nested record of a visit, and its schema: what the form of a structured answer is tried with."""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string"}
_MAYBE = {"type": ["string", "null"]}

RECORD_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["patient", "complaint", "history"],
    "additionalProperties": False,
    "$defs": {
        "period": {
            "type": "object", "title": "时长", "required": ["value", "unit"],
            "properties": {"value": {"type": "integer", "minimum": 1}, "unit": {"enum": ["天", "周", "月", "年"]}},
        }
    },
    "properties": {
        "patient": {
            "type": "object", "title": "基本信息", "required": ["sex", "age"],
            "properties": {"sex": {"title": "性别", "enum": ["男", "女", "不详"]},
                           "age": {"title": "年龄", "type": ["integer", "null"], "minimum": 0}},
        },
        "complaint": {
            "type": "object", "title": "主诉", "required": ["symptom"],
            "properties": {
                "symptom": {**_TEXT, "title": "症状", "description": "用患者自己的话"},
                "course": {"type": "object", "title": "病程",
                           "properties": {"total": _MAYBE, "worse": _MAYBE, "trigger": _MAYBE}},
            },
        },
        "history": {
            "type": "array", "title": "既往史",
            "items": {
                "type": "object", "required": ["condition", "status"],
                "properties": {
                    "condition": {**_TEXT, "title": "疾病"},
                    "status": {"title": "状态", "enum": ["确诊", "疑似", "否认"]},
                    "duration": {"$ref": "#/$defs/period"}, "medication": {**_MAYBE, "title": "用药"},
                    "since": {"type": "string", "format": "date", "title": "起始"},
                },
            },
        },
        "denied": {"type": "array", "title": "否认", "items": _TEXT},
        "measured": {
            "type": "object", "title": "查体",
            "properties": {"systolic": {"type": "number"}, "diastolic": {"type": "number"},
                           "regular": {"type": "boolean"}},
        },
    },
}  # fmt: skip

RECORD: dict[str, Any] = {
    "patient": {"sex": "男", "age": 57},
    "complaint": {"symptom": "夜里咳嗽", "course": {"total": "三周", "worse": "两天", "trigger": None}},
    "history": [
        {"condition": "哮喘", "status": "确诊", "duration": {"value": 8, "unit": "年"}, "medication": "布地奈德"},
        {"condition": "鼻炎", "status": "疑似", "medication": None},
    ],
    "denied": ["糖尿病"],
    "measured": {"systolic": 128, "diastolic": 79, "regular": True},
}
NOTE = "男，57岁，夜里咳嗽三周，近两天加重。哮喘8年，用布地奈德；可能有鼻炎。否认糖尿病。血压128/79，心律齐。"
