"""How sound becomes claims: audio -> spans -> measurements -> claims -> annotations."""
