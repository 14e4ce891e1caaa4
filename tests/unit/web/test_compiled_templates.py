"""A process compiles each template once, and a changed one again."""

from jinja2 import DictLoader, Environment

from infra.web.compiled_templates import CompiledTemplates


def test_two_environments_share_what_was_compiled_but_not_their_values() -> None:
    compiled = CompiledTemplates()
    sources = {"page": "{{ greeting }}, {{ name }}"}
    environments = [Environment(loader=DictLoader(sources), bytecode_cache=compiled, autoescape=True) for _ in range(3)]
    for environment, greeting in zip(environments, ("Hello", "Good day", "Ahoy"), strict=True):
        environment.globals["greeting"] = greeting
    first, second = (environment.get_template("page") for environment in environments[:2])
    assert first.render(name="Robin") == "Hello, Robin"
    assert second.render(name="<Robin>") == "Good day, &lt;Robin&gt;"
    assert first.root_render_func.__code__ is second.root_render_func.__code__

    sources["page"] = "{{ name }}!"
    changed = environments[2].get_template("page")
    assert changed.render(name="Robin") == "Robin!"
