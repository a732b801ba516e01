"""Mapping templates, which are programs in the Velocity language."""

import subprocess
import sys
import time
from typing import Any

import pytest

from local_aws.api_gateway.mapping_template import MappingTemplate
from local_aws.api_gateway.velocity_values import VelocityError

BODY = '{"a": {"b": "é"}, "items": [{"n": 1, "s": "x"}, {"n": 2, "s": "y"}]}'


def render(template: str, body: str = BODY) -> str:
    event = {"requestContext": {"stage": "dev"}, "stageVariables": {"page-size": "9"}}
    return MappingTemplate(template).render(event, body)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("costs $5, #1", "costs $5, #1"),
        ("$context.nothing|$nothing|$input.path('$.nothing')|$input.json('$.nothing')", '|||""'),
        ("$input.json('$.a')", '{"b":"é"}'),
        ("$!{input.path('$.a.b')}s", "és"),
        ("$context.stage.", "dev."),
        ("$stageVariables.page-size, $stageVariables['page-size']", "9, 9"),
        ("$input.path('$.items[1].s')$input.path('$.items')[0].s", "yx"),
        ("${nothing|'instead'}", "instead"),
        ("\\$context.stage", "$context.stage"),
        ("a## a comment\nb#* another *#", "ab"),
    ],
)
def test_values_are_put_into_a_template(template: str, text: str) -> None:
    """A value that is missing leaves nothing, and what only resembles a reference stays (2.12)."""
    assert render(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("#set($a = 1 + 2 * 3 - 7 / 2 - 7 % 2)$a", "3"),
        ("#set($s = 'x' + 1)$s#set($s = \"$s in $context.stage\") $s", "x1 x1 in dev"),
        ('#set($s = "say ""hi""")$s', 'say "hi"'),
        ("#if(1 == 1 && 2 > 1 || false)yes#{else}no#end", "yes"),
        ("#if($nothing)a#elseif($context.stage != 'dev')b#{else}c#end", "c"),
        ("#if('')empty #end#if(0)zero #end#if(!$nothing)null#end", "empty zero null"),
        ("#if($nothing && $nothing.size() > 0)yes#{else}no#end", "no"),
        ("#foreach($i in $input.path('$').items)$foreach.index:$i.n$i.s#if($foreach.hasNext),#end#end", "0:1x,1:2y"),
        ("#foreach($value in {'a': 1, 'b': 2})$velocityCount=$value #end", "1=1 2=2 "),
        ("#foreach($i in [1..5])#if($i == 3)#break#end$i#end", "12"),
        ("#foreach($i in $nothing)x#end#foreach($i in 'text')x#end", ""),
        ("#macro(tag $x)<$x>#end#tag('1')#tag(2)", "<1><2>"),
        ("#set($m = {})#set($before = $m.put('k', [1]))$m $m.k.size() $m.containsKey('q')", '{"k":[1]} 1 false'),
        ("#foreach($e in $input.path('$.a').entrySet())$e.key=$e.value#end", "b=é"),
        ("#set($context.stage = 'other')$context.stage", "other"),
    ],
)
def test_template_computes(template: str, text: str) -> None:
    """A template that works on AWS works here: conditions and maps are Velocity's, not Python's (2.12)."""
    assert render(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('$util.escapeJavaScript("it\'s ""é"" 😀")', "\\u00E9"),
        ('$util.escapeJavaScript("it\'s")', "it\\'s"),
        ('$util.escapeJavaScript("it\'s").replaceAll("\\\\\'", "\'")', "it's"),
        ("$util.parseJson('{\"a\": [1, 2]}').a[1]", "2"),
        ("$util.urlEncode('a b&ü')", "a+b%26%C3%BC"),
        ("$util.urlDecode('a+b%26')", "a b&"),
        ("$util.base64Encode('hé')$util.base64Decode('aMOp')", "aMOphé"),
    ],
)
def test_functions_of_the_service(template: str, text: str) -> None:
    """The mapping template reference names these; it gives the `replaceAll` as the way to valid JSON (2.12)."""
    assert text in render(template)


def test_template_does_not_change_the_event() -> None:
    """The same event goes to the next template, and to the log."""
    event: dict[str, Any] = {"requestContext": {"identity": {"sourceIp": "::1"}}}
    MappingTemplate("#set($context.identity.sourceIp = 'x')").render(event, "")
    assert event == {"requestContext": {"identity": {"sourceIp": "::1"}}}


@pytest.mark.parametrize(
    "template",
    [
        "#evaluate('1')",
        "#include('/etc/passwd')",
        "#parse('x')",
        "#if(1)",
        "#set($a = 'x",
        "#set($a = )",
        "#if(" + "(" * 3000 + "1" + ")" * 3000 + ")#end",
        "#set($a=" + "[$a.b(" * 20 + "[1]" + ")]" * 20 + ")",
        "$a" * 150_000,
    ],
)
def test_text_that_is_not_a_template_is_refused_at_once(template: str) -> None:
    """The stack logs it at the start, within a second."""
    began = time.monotonic()
    with pytest.raises(VelocityError):
        MappingTemplate(template)
    assert time.monotonic() - began < 10


HOSTILE = {
    "python": "#set($s = '')$s.getClass()",
    "unknown function": "$input.params('x')",
    "unknown macro": "#nothing(1)",
    "empty loops": "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])#end#end#end",
    "long loop": "#foreach($i in [1..1001])#end",
    "huge range": "#foreach($i in [1..1000000000])#end",
    "doubled text": "#set($s = 'x')#foreach($i in [1..100])#set($s = $s + $s)#end",
    "doubled string": "#set($s = 'x')#foreach($i in [1..100])#set($s = \"$s$s\")#end",
    "doubled list": "#set($l = ['x'])#foreach($i in [1..60])#set($l = [$l, $l])#end$l",
    "compared lists": "#set($l = [1])#set($m = [1])#foreach($i in [1..60])#set($l = [$l, $l])#set($m = [$m, $m])#end"
    "#if($l == $m)equal#end",
    "list in itself": "#set($l = [])#set($x = $l.add($l))$l",
    "longer list": "#set($l = [1])#foreach($i in [1..100])#set($x = $l.addAll($l))#end",
    "longer replacement": "#set($s = 'a')#foreach($i in [1..50])#set($s = $s.replace('a', 'aaaa'))#end",
    "macro in itself": "#macro(f)#f()#end#f()",
    "huge number": "#set($a = 9)#foreach($i in [1..60])#set($a = $a * $a)#end",
    "slow pattern": "$context.stage.replaceAll('(a+)+$', 'x')",
    "long sum": "#set($a = " + "+".join(["$input.body"] * 50_000) + ")",
    "documents": "#foreach($i in [1..1000])#foreach($j in [1..1000])$input.json('$')#end#end",
    "large map": '#set($m={})#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x=$m.put("$i.$j", 1))#end#end',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_template_takes_neither_memory_nor_time(kind: str) -> None:
    """Templates come with samples from strangers, and the gateway's other connections wait meanwhile."""
    began = time.monotonic()
    with pytest.raises(VelocityError):
        MappingTemplate(HOSTILE[kind]).render({"requestContext": {"stage": "dev"}}, BODY)
    assert time.monotonic() - began < 10


def test_attributes_of_python_are_not_reached() -> None:
    """From any object, `__class__` leads to code that the template chooses."""
    assert render("#set($s = '')$s.__class__$s.__class__.__mro__[1]|$input.functions|$context.items") == "||"


def test_engine_is_loaded_with_the_first_template_only() -> None:
    """Few stacks have a mock integration, and the import would slow down every start."""
    code = "import sys, local_aws.api_gateway; sys.exit('airspeed' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
