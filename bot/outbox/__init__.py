"""The one way out: messages wait here as rows until the pace lets them go."""
