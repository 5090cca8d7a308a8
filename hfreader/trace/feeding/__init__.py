"""Inputs for forward passes beside text ids: from the name of a parameter, its neighbours and the configuration."""
