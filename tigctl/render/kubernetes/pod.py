"""What the pods of all components have in common, laid into the reference tenant's templates."""

from __future__ import annotations

from tigctl.render.kubernetes import sizing
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.sizing import Needs


def owned(
    stack: Stack, component: str, *objects: Object, name: str = "", instance: str = ""
) -> None:
    """Gives objects of the reference their place: name, namespace, labels."""
    for one in objects:
        one["metadata"] = stack.metadata(name or component, component, instance)


def template(
    stack: Stack, workload: Object, component: str, needs: Needs, instance: str = ""
) -> tuple[Object, Object]:
    """Makes a workload's template the tenant's own; returns its pod and its first container.

    `needs` are the first container's. Images are those of `images`, pulled with its secret.
    """
    spec = workload["spec"]
    spec["selector"]["matchLabels"] = stack.selector(component, instance)
    spec["template"]["metadata"]["labels"] = stack.labels(component, instance)
    pod: Object = spec["template"]["spec"]
    for one in (*pod["containers"], *pod.get("initContainers", ())):
        one["image"] = image(stack, component)
    if stack.images.pull_secret:
        pod["imagePullSecrets"] = [{"name": stack.images.pull_secret}]
    container: Object = pod["containers"][0]
    container["resources"] = needs.resources()
    return pod, container


def image(stack: Stack, component: str) -> str:
    """The image of a component, with the registry's prefix where there is one."""
    name: str = getattr(stack.images, component)
    prefix = stack.images.registry.rstrip("/")
    return f"{prefix}/{name}" if prefix else name


def set_variables(container: Object, **values: str) -> None:
    """Sets environment variables that the reference has. Raises KeyError for any other."""
    entries = {entry["name"]: entry for entry in container["env"]}
    for name, value in values.items():
        entries[name]["value"] = value


def variable_from(name: str, secret: str, key: str) -> Object:
    """An environment variable that a Secret holds."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def set_volume(pod: Object, name: str, **source: Object) -> None:
    """Replaces the source of a volume of the reference."""
    for volume in pod["volumes"]:
        if volume["name"] == name:
            volume.clear()
            volume.update(name=name, **source)


def go_limit(needs: Needs, share: float) -> str:
    """GOMEMLIMIT: where Go begins to save memory, a share of the container's limit."""
    return f"{max(1, int(needs.memory_limit * share) // sizing.MEBIBYTE)}MiB"
