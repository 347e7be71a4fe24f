"""The signature of Replicate's SDXL, predictions: input for the schema test, not a model."""

from cog import BasePredictor, Input, Path


class Predictor(BasePredictor):
    def predict(
        self,
        prompt: str = Input(default="An astronaut riding a rainbow unicorn", description="Input prompt"),
        negative_prompt: str = Input(default="", description="Input Negative Prompt"),
        image: Path | None = Input(description="Input image for img2img or inpaint mode"),
        mask: Path | None = Input(
            description="Input mask for inpaint mode. Black areas will be preserved, white areas will be inpainted."
        ),
        width: int = Input(default=1024, description="Width of output image"),
        height: int = Input(default=1024, description="Height of output image"),
        num_outputs: int = Input(default=1, ge=1, le=4, description="Number of images to output."),
        scheduler: str = Input(
            default="K_EULER",
            choices=["DDIM", "DPMSolverMultistep", "HeunDiscrete", "KarrasDPM", "K_EULER_ANCESTRAL", "K_EULER", "PNDM"],
            description="scheduler",
        ),
        num_inference_steps: int = Input(default=50, ge=1, le=500, description="Number of denoising steps"),
        guidance_scale: float = Input(default=7.5, ge=1, le=50, description="Scale for classifier-free guidance"),
        prompt_strength: float = Input(
            default=0.8,
            ge=0,
            le=1,
            description="Prompt strength when using img2img / inpaint. 1.0 corresponds to full destruction of information in image",
        ),
        seed: int | None = Input(description="Random seed. Leave blank to randomize the seed"),
        refine: str = Input(
            default="no_refiner",
            choices=["no_refiner", "expert_ensemble_refiner", "base_image_refiner"],
            description="Which refine style to use",
        ),
        high_noise_frac: float = Input(
            default=0.8, ge=0, le=1, description="For expert_ensemble_refiner, the fraction of noise to use"
        ),
        refine_steps: int | None = Input(
            description="For base_image_refiner, the number of steps to refine, defaults to num_inference_steps"
        ),
        apply_watermark: bool = Input(
            default=True,
            description="Applies a watermark to enable determining if an image is generated in downstream applications. If you have other provisions for generating or deploying images safely, you can use this to disable watermarking.",
        ),
        lora_scale: float = Input(
            default=0.6, ge=0, le=1, description="LoRA additive scale. Only applicable on trained models."
        ),
        replicate_weights: str | None = Input(
            description="Replicate LoRA weights to use. Leave blank to use the default weights."
        ),
        disable_safety_checker: bool = Input(
            default=False,
            description="Disable safety checker for generated images. This feature is only available through the API. See [https://replicate.com/docs/how-does-replicate-work#safety](https://replicate.com/docs/how-does-replicate-work#safety)",
        ),
    ) -> list[Path]:
        raise NotImplementedError
