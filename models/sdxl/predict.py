"""Cog's `Predictor`: names, types and order of its inputs are those of Replicate's SDXL.

Defaults here are SDXL's; each base overlays its own (`bases/<name>/defaults.json`).
"""

from collections.abc import Hashable

from cog import BaseModel, BasePredictor, Input, Path


class Lora(BaseModel):
    """Weights that are drawn with besides the model's own: `scale` is what they count, `token_string` what their word is
    called, where it is not to be what the file says."""

    url: Path
    scale: float = 1.0
    token_string: str | None = None


class Predictor(BasePredictor):
    """Draws with one set of trained weights, or with the base alone."""

    def setup(self, weights: Path | None = None) -> None:
        import drawing

        self.drawing = drawing
        self.shelf = drawing.Shelf(drawing.current())
        self.switch(weights)

    def switch(self, weights: Path | None) -> None:
        """From now on draws with other weights (None: the base alone). The base is neither changed nor loaded again, and of
        weights that were used lately the file is not read again."""
        self.weights = self.shelf.open(weights) if weights else self.drawing.NO_WEIGHTS

    def batch_key(self, **inputs) -> Hashable | None:
        """Predictions with equal keys can be drawn together; one with None is drawn alone. Takes `predict`'s inputs."""
        return self.drawing.batch_key(self.shelf, self.weights, inputs)

    def predict_together(self, calls: list[dict]) -> list[list[Path] | Exception]:
        """What `predict` would return for each of several calls with one `batch_key`, or raise: the same pictures."""
        answers = self.drawing.draw_together(self.shelf, self.weights, calls)
        return [one if isinstance(one, Exception) else [Path(path) for path in one] for one in answers]

    def predict(
        self,
        prompt: str = Input(description="Input prompt", default="An astronaut riding a rainbow unicorn"),
        negative_prompt: str = Input(description="Input negative prompt", default=""),
        image: Path | None = Input(description="Input image for img2img or inpaint mode", default=None),
        mask: Path | None = Input(
            description="Input mask for inpaint mode. Black areas will be preserved, white areas will be inpainted.",
            default=None,
        ),
        width: int = Input(description="Width of output image", default=1024),
        height: int = Input(description="Height of output image", default=1024),
        num_outputs: int = Input(description="Number of images to output.", default=1, ge=1, le=4),
        scheduler: str = Input(
            description="scheduler",
            default="K_EULER",
            choices=[
                "DDIM",
                "DPMSolverMultistep",
                "HeunDiscrete",
                "KarrasDPM",
                "K_EULER_ANCESTRAL",
                "K_EULER",
                "PNDM",
                "LCM",
                "TCD",
            ],
        ),
        num_inference_steps: int = Input(description="Number of denoising steps", default=50, ge=1, le=500),
        guidance_scale: float = Input(description="Scale for classifier-free guidance", default=7.5, ge=0, le=50),
        prompt_strength: float = Input(
            description="Prompt strength when using img2img / inpaint. 1.0 corresponds to full destruction of "
            "information in image",
            default=0.8,
            ge=0,
            le=1,
        ),
        seed: int | None = Input(
            description="Random seed. Leave blank to randomize the seed", default=None, ge=0, le=2**53 - 1
        ),
        refine: str = Input(
            description="Which refine style to use",
            default="no_refiner",
            choices=["no_refiner", "expert_ensemble_refiner", "base_image_refiner"],
        ),
        high_noise_frac: float = Input(
            description="For expert_ensemble_refiner, the fraction of noise to use", default=0.8, ge=0, le=1
        ),
        refine_steps: int | None = Input(
            description="For base_image_refiner, the number of steps to refine, defaults to num_inference_steps",
            default=None,
        ),
        apply_watermark: bool = Input(
            description="Accepted for compatibility: pictures carry no watermark", default=True
        ),
        lora_scale: float = Input(
            description="LoRA additive scale. Only applicable on trained models.", default=0.6, ge=0, le=2
        ),
        replicate_weights: str | None = Input(
            description="Weights to use in place of the model's own: a tar of Easel or Replicate, or a LoRA as "
            ".safetensors. Leave blank to use the default weights.",
            default=None,
        ),
        disable_safety_checker: bool = Input(
            description="Accepted for compatibility: there is no safety checker", default=False
        ),
        loras: list[Lora] | None = Input(
            description="More weights to draw with at once, each {url, scale}: LoRAs of other programs as .safetensors, tars "
            "of Easel or Replicate, embeddings. token_string gives their word another name",
            default=None,
        ),
    ) -> list[Path]:
        """Draws the prompt and returns the pictures as PNG files."""
        inputs = dict(locals())
        del inputs["self"]
        return [Path(path) for path in self.drawing.draw(self.shelf, self.weights, inputs)]
