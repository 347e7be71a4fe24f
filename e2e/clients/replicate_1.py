"""PyPI `replicate` 1.x, unmodified, through its whole surface. Its environment names the server and the token; the first
argument is an archive of images, the rest are version ids. Prints what it found; an assertion ends it."""

import io
import sys

import replicate
from replicate.exceptions import ModelError, ReplicateError

ZIP, ECHO, WORDS, PAGES = sys.argv[1:5]
OWNER = "you"


def accounts_and_lists() -> None:
    assert replicate.default_client.accounts.current().username == OWNER
    assert "cpu" in [hardware.sku for hardware in replicate.hardware.list()]
    (collection,) = replicate.collections.list().results
    models = [f"{model.owner}/{model.name}" for model in replicate.collections.get(collection.slug).models]
    assert "easel/emoji" in models
    assert replicate.webhooks.default.secret().key.startswith("whsec_")


def models_and_versions() -> None:
    made = replicate.models.create(OWNER, "python-1", visibility="private", hardware="cpu", description="by Python")
    assert (made.owner, made.name, made.latest_version) == (OWNER, "python-1", None)
    assert replicate.models.get(f"{OWNER}/python-1").description == "by Python"
    assert "python-1" in [model.name for model in replicate.models.search("python-1").results]
    names = [model.name for page in replicate.paginate(replicate.models.list) for model in page.results]
    assert {"python-1", "echo"} <= set(names)
    versions = replicate.models.get("easel/echo").versions
    assert ECHO in [version.id for version in versions.list().results]
    assert "Input" in versions.get(ECHO).openapi_schema["components"]["schemas"]


def files() -> None:
    made = replicate.files.create(io.BytesIO(b"from a file"), filename="words.txt", metadata={"kind": "text"})
    assert (made.name, made.size, made.metadata) == ("words.txt", 11, {"kind": "text"})
    assert replicate.files.get(made.id).checksums["sha256"] == made.checksums["sha256"]
    assert made.id in [file.id for file in replicate.files.list()]
    replicate.files.delete(made.id)


def predictions() -> None:
    (picture,) = replicate.run(f"easel/echo:{ECHO}", input={"text": "p1"})
    assert picture.read().startswith(b"\x89PNG")
    words = replicate.run(f"easel/words:{WORDS}", input={"text": "one two"})
    assert list(words) == ["one ", "two "]
    given = replicate.run(f"easel/words:{WORDS}", input={"file": io.BytesIO(b"from a file")})
    assert "".join(given) == "from a file "
    streamed = [str(event) for event in replicate.stream(f"easel/words:{WORDS}", input={"text": "three four"})]
    assert "".join(streamed) == "three four "
    made = replicate.predictions.create(version=ECHO, input={"repeat": 2, "delay_seconds": 0.1})
    made.wait()
    assert made.status == "succeeded" and len(made.output) == 2
    assert made.progress is not None or made.logs is not None
    slow = replicate.models.predictions.create("easel/echo", input={"delay_seconds": 60})
    slow.cancel()
    slow.wait()
    assert slow.status == "canceled"
    assert slow.id in [prediction.id for prediction in replicate.predictions.list().results]
    assert replicate.predictions.get(made.id).metrics["predict_time"] >= 0


def trainings() -> str:
    with open(ZIP, "rb") as images:
        training = replicate.trainings.create(
            model="easel/echo",
            version=ECHO,
            input={"input_images": images, "steps": 2},
            destination=f"{OWNER}/python-1",
        )
    while training.status not in ("succeeded", "failed", "canceled"):
        training.reload()
    assert training.status == "succeeded", training.error
    assert training.destination == f"{OWNER}/python-1"
    assert training.id in [each.id for each in replicate.trainings.list().results]
    again = replicate.trainings.create(
        model="easel/echo",
        version=ECHO,
        input={"input_images": training.input["input_images"], "steps": 1000, "step_seconds": 1},
        destination=f"{OWNER}/python-1",
    )
    again.cancel()
    assert replicate.trainings.get(again.id).id == again.id
    return training.output["version"].split(":")[1]


def deployments(version: str) -> None:
    made = replicate.deployments.create(
        name="python-1",
        model=f"{OWNER}/python-1",
        version=version,
        hardware="cpu",
        min_instances=0,
        max_instances=1,
    )
    assert made.current_release.number == 1
    updated = replicate.deployments.update(OWNER, "python-1", max_instances=2)
    assert updated.current_release.configuration.max_instances == 2
    assert [each.name for each in replicate.deployments.list().results] == ["python-1"]
    prediction = replicate.deployments.predictions.create(f"{OWNER}/python-1", input={"format": "txt"})
    prediction.wait()
    assert prediction.status == "succeeded" and prediction.version == version
    assert replicate.deployments.get(f"{OWNER}/python-1").name == "python-1"
    assert replicate.deployments.delete(OWNER, "python-1")


def errors() -> None:
    try:
        replicate.predictions.create(version=ECHO, input={"repeat": 9})
        raise AssertionError("an input out of bounds was taken")
    except ReplicateError as error:
        assert error.status == 422 and "Must be less than or equal to 4" in str(error.detail)
    try:
        replicate.run(f"easel/echo:{ECHO}", input={"fail": "as told"})
        raise AssertionError("a failed prediction gave an output")
    except ModelError as error:
        assert "as told" in str(error)
    try:
        replicate.models.get(f"{OWNER}/none")
        raise AssertionError("a model that is not there was found")
    except ReplicateError as error:
        assert error.status == 404


def deletion(version: str) -> None:
    assert replicate.models.get(f"{OWNER}/python-1").versions.delete(version)
    assert replicate.models.delete(OWNER, "python-1")


accounts_and_lists()
models_and_versions()
files()
predictions()
trained = trainings()
deployments(trained)
errors()
deletion(trained)
print("whole")
