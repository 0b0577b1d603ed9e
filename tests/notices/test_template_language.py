"""The language of templates: what is allowed, and what is said about mistakes."""

import pytest

from openiom.kernel import Invalid
from openiom.notices.default_templates import DEFAULT_TEMPLATES
from openiom.notices.template_language import (
    check_template,
    render_html,
    render_subject,
    render_text,
)
from openiom.notices.templates import NoticeTemplateBody

LINES = "{% for line in lines %}{{ line.quantity }} {{ line.name }};{% endfor %}"


@pytest.mark.parametrize("name", sorted(DEFAULT_TEMPLATES))
def test_shipped_templates_have_no_mistakes(name: str) -> None:
    template = NoticeTemplateBody.model_validate(DEFAULT_TEMPLATES[name])
    assert set(template.languages) == {"en", "de", "es", "fr"}
    for text in template.languages.values():
        for source in (text.subject, text.text, text.html):
            assert check_template(source, "text") == []


@pytest.mark.parametrize(
    ("source", "where", "what", "remedy"),
    [
        ("a\n{{ order.nmber }}", "text, line 2", "there is no token order.nmber", "order.number"),
        ("{{ lines }}", "text, line 1", "there is no token lines", "use ship_to.line"),
        ("{{ ''.__class__ }}", "text, line 1", "there is no token of this form", "list"),
        ("{{ order.number() }}", "text, line 1", "call is not allowed", "use tokens"),
        ("{{ 'a' * 999999999 }}", "text, line 1", "mul is not allowed", "use tokens"),
        ("{% for x in order %}{% endfor %}", "text, line 1", "there is no list order", "lines"),
        (
            "{% for a in lines %}{% for b in lines %}{% endfor %}{% endfor %}",
            "text, line 1",
            "a loop in a loop is not allowed",
            "end the outer loop",
        ),
        ("{% for a in lines %}{{ a.nme }}{% endfor %}", "text, line 1", "no token a.nme", "a.name"),
        ("{{ order.number|pprint }}", "text, line 1", "there is no filter pprint", "use tokens"),
        (
            "{% for a in lines %}{% if a.quantity > 1 %}x{% endif %}{% endfor %}",
            "text, line 1",
            "compared with == and != only",
            "test whether a token is empty",
        ),
        ("{{ order.number|upper(1) }}", "text, line 1", "upper has other arguments", "default("),
        ("{{ order.number|default }}", "text, line 1", "default has other arguments", "default("),
        (
            "{{ order.number|trim(chars='x') }}",
            "text, line 1",
            "keyword is not allowed",
            "use tokens",
        ),
        (
            "{% for order in lines %}{{ order.name }}{% endfor %}",
            "text, line 1",
            "order is the name of a token",
            "choose another name",
        ),
        (
            "{% for a in lines %}{% else %}{{ a.name }}{% endfor %}",
            "text, line 1",
            "there is no token a.name",
            "use",
        ),
        ("{% include 'x' %}", "text, line 1", "include is not allowed", "use tokens"),
        ("{{ order.number", "text, line 1", "unexpected end of template", "use tokens"),
    ],
)
def test_mistakes_are_found_with_their_place(
    source: str, where: str, what: str, remedy: str
) -> None:
    [problem] = check_template(source, "text")
    assert problem.where == where
    assert what in problem.what
    assert remedy in problem.remedy


def test_loops_show_the_lines() -> None:
    lines = [{"quantity": "2", "name": "Lamp"}, {"quantity": "1", "name": "<b>"}]
    assert check_template(LINES, "text") == []
    assert render_text(LINES, {"lines": lines}) == "2 Lamp;1 <b>;"
    assert render_html(LINES, {"lines": lines}) == "2 Lamp;1 &lt;b&gt;;"


def test_a_subject_is_one_line_whatever_the_customer_is_called() -> None:
    values = {"customer": {"name": "Ann\r\nBcc: all@example.com"}}
    assert render_subject("For {{ customer.name }}", values) == "For Ann Bcc: all@example.com"


def test_conditions_compare_texts() -> None:
    source = (
        "{% if order.number == '1001' and not customer.name %}a{% endif %}"
        "{% if order.number != '1001' or customer.name|default('x') == 'x' %}b{% endif %}"
    )
    assert check_template(source, "text") == []
    assert render_text(source, {"order": {"number": "1001"}, "customer": {"name": ""}}) == "a"


@pytest.mark.parametrize("source", ["{{ order.number > 1 }}", "{{ order.number|upper(1) }}"])
def test_a_template_that_was_never_checked_is_refused_when_it_is_rendered(source: str) -> None:
    with pytest.raises(Invalid, match="the template cannot be rendered"):
        render_text(source, {"order": {"number": "1001"}})


def test_a_huge_output_is_refused() -> None:
    lines = [{"quantity": "x" * 500, "name": "y"}] * 500
    with pytest.raises(Invalid, match="more than 200,000 characters"):
        render_text(LINES, {"lines": lines})
