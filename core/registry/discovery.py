"""Finding what apps declare: the module `<app>.entities` of every installed app, lower apps first."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from core import registry
from core.bulk import operations


def discover() -> None:
    """Register ENTITIES, OPERATIONS and RESOURCES of every app, then let it `extend` what lower apps declared."""
    for config in apps.get_app_configs():
        if config.module is None or not module_has_submodule(config.module, "entities"):
            continue
        module = import_module(f"{config.name}.entities")
        for entity in getattr(module, "ENTITIES", ()):
            registry.register(entity)
        for operation in getattr(module, "OPERATIONS", ()):
            registry.register_operation(operation)
        for name, actions in getattr(module, "RESOURCES", {}).items():
            registry.register_resource(name, actions)
        getattr(module, "extend", lambda: None)()
    operations.offer()
