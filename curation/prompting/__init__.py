"""Prompts: files with slots, the chats made of them, and reading what came back."""
